"""Promise 4 on a real kube-apiserver: kubectl and curl say secrets in every way, and none of them is found anywhere."""

import base64
import json
import os
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.session.test_secrets import everything
from tests.support import secret_kubectl, watch_beside
from tests.support.same import assert_same

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

KPROXY = [sys.executable, "-m", "kproxy"]


def forms(secret: str) -> Iterator[bytes]:
    """Plain, escaped once and twice, in base64 at each alignment where it is long enough to tell, as Go prints it."""
    raw = secret.encode()
    once = json.dumps(secret, ensure_ascii=False)[1:-1]
    yield from (raw, once.encode(), json.dumps(once, ensure_ascii=False)[1:-1].encode())
    yield json.dumps(secret)[1:-1].encode()
    yield str(list(raw))[1:-1].replace(",", "").encode()
    if len(raw) >= 15:
        for offset in range(3):
            yield base64.b64encode(b"\0" * offset + raw)[4 if offset else 0 : -4]


def recorded(folder: Path, assets: Path, env: dict[str, str], *mode: str) -> tuple[str, str]:
    """A session of secret_kubectl in `folder`: s.kproxy and text/. The seed and the control value."""
    seed, control = secrets.token_hex(8), f"control-{secrets.token_hex(12)}"
    places = {"TLS_KEY_TO": str(folder / "key"), "TOKEN_TO": str(folder / "token"), "HOME": str(folder / "home")}
    lab = [*KPROXY, "lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--"]
    record = [*KPROXY, "record", "-o", str(folder / "s.kproxy"), "--"]
    session = [sys.executable, secret_kubectl.__file__, seed, control, *mode]
    beside = [sys.executable, watch_beside.__file__, str(folder / "watch.jsonl")]
    subprocess.run([*lab, *beside, *record, *session], check=True, env={**env, **places}, cwd=folder)
    assert watch_beside.check(folder / "watch.jsonl", str(folder / "s.kproxy")) == []
    export = [*KPROXY, "export", str(folder / "s.kproxy"), "--to", str(folder / "text")]
    subprocess.run(export, check=True, env=env)
    return seed, control


def test_no_value_that_a_client_said_is_found_and_the_control_is(
    tmp_path: Path, assets: Path, real_env: dict[str, str]
) -> None:
    seed, control = recorded(tmp_path, assets, real_env)
    token = (tmp_path / "token").read_text()
    key = (tmp_path / "key").read_text().splitlines()
    hidden = secret_kubectl.said(seed) | {"token": token, "signature": token.split(".")[2], "key": key[5]}
    places = list(everything(tmp_path / "s.kproxy"))
    kept = [path for root in (tmp_path / "text", tmp_path / "state") for path in root.rglob("*") if path.is_file()]
    places += [(str(path), path.read_bytes()) for path in kept]
    found = [
        (way, place, content[max(0, content.find(form) - 60) :][:120])
        for way, value in hidden.items()
        for form in forms(value)
        for place, content in places
        if form in content
    ]
    assert found == []
    assert sum(control.encode() in content for _, content in places) >= 3


def test_a_session_of_secrets_replays_on_another_server(tmp_path: Path, assets: Path, real_env: dict[str, str]) -> None:
    recorded(tmp_path, assets, real_env, "well")
    report = tmp_path / "verdict.json"
    target = ["--on", "fresh:kube-apiserver", "--assets", str(assets), "--format", f"json={report}"]
    done = subprocess.run([*KPROXY, "replay", str(tmp_path / "s.kproxy"), *target], env=real_env, check=False)
    verdict = json.loads(report.read_text())
    assert_same(verdict)
    assert done.returncode == os.EX_OK
