"""Promise 4: no secret in a recording, its journals, its temporary files or its text form."""

import base64
import json
import os
import secrets
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import start_lab
from kproxy.store.reader import open_recording
from tests.support import secret_client
from tests.support.etcd_truth import check_recorded
from tests.support.record_process import wait_for

pytestmark = pytest.mark.process


def forms(secret: str) -> Iterator[bytes]:
    """A secret as it may stand in a file: plain, in base64 at each of its three offsets, escaped in JSON."""
    yield secret.encode()
    yield json.dumps(secret)[1:-1].encode()
    yield json.dumps(json.dumps(secret)[1:-1])[1:-1].encode()
    for offset in range(3):
        encoded = base64.b64encode(b"\0" * offset + secret.encode() + b"\0\0")
        yield encoded[4 if offset else 0 : len(encoded) - 4]
    yield base64.urlsafe_b64encode(secret.encode())[:-4]


def everything(recording: Path) -> Iterator[tuple[str, bytes]]:
    """Every column of every table, every body decompressed, and the raw bytes of the file."""
    yield "the file", recording.read_bytes()
    with sqlite3.connect(recording) as database:
        for (table,) in database.execute("select name from sqlite_master where type = 'table'").fetchall():
            for row in database.execute(f'select * from "{table}"').fetchall():  # noqa: S608 - its own tables
                for value in row:
                    yield table, value if isinstance(value, bytes) else str(value).encode()
    with sqlite3.connect(recording) as database:
        digests = [row[0] for row in database.execute("select digest from bodies").fetchall()]
    with open_recording(str(recording)) as opened:
        for digest in digests:
            yield f"body {digest}", opened.body(digest)


@pytest.mark.timeout(180)
def test_no_secret_is_found_anywhere_while_a_configmaps_value_is(tmp_path: Path) -> None:
    secret, control = f'pass"word-{secrets.token_hex(12)}', f"control-{secrets.token_hex(12)}"
    output, text, folders = tmp_path / "s.kproxy", tmp_path / "text", tmp_path / "places"
    env = {**os.environ, "TMPDIR": str(folders / "tmp"), "XDG_STATE_HOME": str(folders / "state")}
    (folders / "tmp").mkdir(parents=True)
    kproxy = [sys.executable, "-m", "kproxy"]
    with start_lab(LabSettings()) as lab:
        tokens = (load_kubeconfig(lab.kubeconfig, {}).upstream(None).token or "",)
        seen = tmp_path / "kproxy-token"
        inner = f'printf %s "$KPROXY_TOKEN" > {seen}; exec "$@"'
        client = ["sh", "-c", inner, "sh", sys.executable, secret_client.__file__, secret, control]
        subprocess.run(
            [*kproxy, "record", "-o", str(output), "--", *client], check=True, env={**env, **lab.environment()}
        )
        assert check_recorded(output) > 1
    subprocess.run([*kproxy, "export", str(output), "--to", str(text)], check=True, env=env)
    hidden = (secret, *tokens, seen.read_text())
    assert all(len(each) > 20 for each in hidden)
    places = list(everything(output))
    places += [(str(path), path.read_bytes()) for root in (text, folders) for path in root.rglob("*") if path.is_file()]
    for each in hidden:
        for form in forms(each):
            assert [place for place, content in places if form in content] == []
    for form in (control.encode(),):
        assert [place for place, content in places if form in content and place.startswith("body ")]
        assert any(form in path.read_bytes() for path in text.rglob("*"))


@pytest.mark.timeout(180)
def test_the_journal_of_a_growing_recording_holds_no_secret_either(tmp_path: Path) -> None:
    secret, control = f"password-{secrets.token_hex(12)}", f"control-{secrets.token_hex(12)}"
    output = tmp_path / "s.kproxy"
    journal = output.with_name(output.name + "-wal")
    with start_lab(LabSettings()) as lab:
        inner = f'"$@" && touch {tmp_path}/done && while [ ! -e {tmp_path}/looked ]; do sleep 0.05; done'
        client = ["sh", "-c", inner, "sh", sys.executable, secret_client.__file__, secret, control]
        env = {**os.environ, **lab.environment(), "XDG_STATE_HOME": str(tmp_path / "state")}
        process = subprocess.Popen(
            [sys.executable, "-m", "kproxy", "record", "-o", str(output), "--", *client], env=env
        )
        try:
            wait_for(lambda: process.poll() is not None or (tmp_path / "done").exists() or None)
            with open_recording(str(output)) as growing:  # all of it is committed, in the journal
                wait_for(lambda: sum(1 for each in growing.exchanges() if each.ended is not None) >= 10 or None)
            raw = output.read_bytes() + journal.read_bytes()
        finally:
            (tmp_path / "looked").touch()
            assert process.wait() == 0
        assert check_recorded(output) > 1
    for form in forms(secret):
        assert form not in raw
