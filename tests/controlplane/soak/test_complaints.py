"""What counts as a complaint, and what makes two of them the same."""

import json
from collections import Counter
from pathlib import Path

from tests.controlplane.soak.complaints import complaints, masked, unknown


def test_names_and_numbers_make_no_difference() -> None:
    first = 'sync "default/soak-web-7b4d" failed with read version: 31 is not as new as written version: 34'
    second = 'sync "soak-space-1/soak-small-5" failed with read version: 1 is not as new as written version: 2'
    assert masked(first) == masked(second)
    assert not unknown(Counter([masked(first)]))


def test_only_what_went_wrong_counts(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "kube-controller-manager.log").write_text(
        'I1125 17:52:04.404169    5675 options.go:1] "fine"\nE1125 17:52:04.404169    5675 gc.go:7] "lost" err="EOF"\n'
    )
    (logs / "kube-scheduler.log").write_text("")
    (logs / "kwok.log").write_text('{"level":"INFO","msg":"x"}\n{"level":"ERROR","msg":"m","err":"e 5"}\npanic: oh\n')
    commands = [
        {"args": ["get", "pods"], "code": 0, "stderr": "", "fails": False},
        {"args": ["get", "secrets"], "code": 1, "stderr": "forbidden", "fails": True},
        {"args": ["get", "pods"], "code": 1, "stderr": "EOF", "fails": False},
        {"args": ["get", "secrets"], "code": 0, "stderr": "", "fails": True},
    ]
    (tmp_path / "kubectl.jsonl").write_text("".join(json.dumps(each) + "\n" for each in commands))
    found = complaints(tmp_path)
    assert dict(found) == {
        'kube-controller-manager: gc.go: "lost" err="EOF"': 1,
        "kwok: m: e N": 1,
        "kwok: panic: oh": 1,
        "kubectl: get pods: EOF": 1,
        "kubectl: get secrets: succeeded, and should not have": 1,
    }
    assert unknown(found) == found
