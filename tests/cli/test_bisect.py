"""`kproxy bisect`: what its options become."""

from pathlib import Path
from typing import NoReturn

import pytest

from kproxy.cli.main import _exit_code
from kproxy.errors import ReplayError
from kproxy.session.bisect import BisectSettings

HELLO = Path(__file__).parents[2] / "recordings" / "hello-demo"
RULES = """
kproxy-rules: 1
rules:
  - resource: pods
    path: $.status.host
    reason: each node has its own name
"""


def test_rules_hide_what_they_hide_from_a_replay_and_keys_go_with_the_recordings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[BisectSettings] = []

    def bisected(_where: str, _target: object, _reference: object, settings: BisectSettings) -> NoReturn:
        asked.append(settings)
        raise ReplayError("enough was seen.")

    monkeypatch.setattr("kproxy.cli.bisect.bisect", bisected)
    rules = tmp_path / "rules.yaml"
    rules.write_text(RULES)
    words = ["bisect", str(HELLO), "--on", "fresh:emulated", "--rules", str(rules), "-o", str(tmp_path / "part.kproxy")]
    assert _exit_code(words) == 2
    [settings] = asked
    assert settings.replay.rules is not None
    assert [each.path.text for each in settings.replay.rules.rules] == ["$.status.host"]
    assert settings.replay.state_home == settings.replay.output.parent
