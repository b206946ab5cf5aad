"""Promise 4, from the hand-off to the last byte on disk: planted secrets are searched for, and a control is found."""

import base64
import gzip
import json
import socket
import sqlite3
import time
from pathlib import Path

import cbor2
import pytest
import zstandard
from cbor2 import CBORTag

from kproxy.model.jsontypes import JSON
from kproxy.model.session import SessionEnd
from kproxy.record.secrets import LAST_APPLIED
from kproxy.record.settings import RecorderSettings
from kproxy.store.reader import open_recording
from kproxy.store.text import export_text
from kproxy.wire.content import encode
from kproxy.wire.handoff import ANSWER, pack_batch
from tests.support.loop import in_loop
from tests.support.made import a_session
from tests.support.recorder_process import start
from tests.support.traffic import CHUNKED_HEAD, Script, request_head

pytestmark = pytest.mark.process

PASSWORD = 'the "password" of a <Secret> & more'
ADMIN = "admin-token-0123456789abcdef"
OWN = "kproxy-own-token-0123456789"
CONTROL = "the control value of a ConfigMap"
CODED = base64.b64encode(PASSWORD.encode()).decode()
SECRETS = "/api/v1/namespaces/default/secrets"
SECRET: dict[str, JSON] = {"kind": "Secret", "apiVersion": "v1", "metadata": {"name": "s"}, "data": {"p": CODED}}
PROTOBUF = "application/vnd.kubernetes.protobuf"


def forms(secret: str) -> list[bytes]:
    """Plain, base64 at three alignments, escaped as Python and as Go do it."""
    raw = secret.encode()
    cores = [base64.b64encode(b"\0" * shift + raw)[4:-6] for shift in range(3)]
    escaped = json.dumps(secret)[1:-1]
    go = escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return [raw, *cores, escaped.encode(), go.encode()]


def script() -> Script:
    """Everything that carries a secret."""
    authorized = f"Authorization: Bearer {OWN}"
    applied: JSON = {**SECRET, "metadata": {"name": "s", "annotations": {LAST_APPLIED: json.dumps(SECRET)}}}
    pod: JSON = {"kind": "Pod", "apiVersion": "v1", "metadata": {"name": ADMIN}}
    bodies: list[tuple[str, str, str, bytes]] = [
        ("POST", SECRETS, "application/json", json.dumps(applied).encode()),
        ("POST", SECRETS, PROTOBUF, encode(PROTOBUF, SECRET)),
        ("POST", SECRETS, "application/json", b'{"kind":"Secret","data":{"p":"' + CODED.encode()),
        ("POST", SECRETS, "application/cbor", b"\xd9\xd9\xf7" + PASSWORD.encode()),
        ("POST", SECRETS, "application/cbor", cbor2.dumps({**SECRET, "data": {"p": CBORTag(22, PASSWORD.encode())}})),
        ("POST", "/api/v1/pods", "application/cbor", encode("application/cbor", pod)),
        ("PATCH", f"{SECRETS}/s", "application/merge-patch+json", json.dumps({"stringData": {"p": PASSWORD}}).encode()),
        (
            "PATCH",
            f"{SECRETS}/s",
            "application/apply-patch+yaml",
            f"stringData: {{p: {json.dumps(PASSWORD)}}}".encode(),
        ),
        (
            "PATCH",
            f"{SECRETS}/s",
            "application/json-patch+json",
            json.dumps([{"op": "add", "path": "/data/p", "value": CODED}]).encode(),
        ),
        ("POST", "/api/v1/namespaces/default/configmaps", "application/json", configmap()),
        ("POST", f"/x?token={ADMIN}", "text/plain", f"see {ADMIN}, {OWN}, {ADMIN[::-1]}".encode()),
        ("POST", "/api/v1/pods", "text/plain", base64.b64encode(f"user:{ADMIN}".encode())),
        ("POST", "/api/v1/pods", PROTOBUF, encode(PROTOBUF, pod)),
    ]
    made = Script()
    for seq, (method, target, media_type, body) in enumerate(bodies, 1):
        head = request_head(method, target, authorized, f"Content-Type: {media_type}", f"Content-Length: {len(body)}")
        made.begin(seq, head, body).answer(seq, answer_head(media_type), gzip.compress(body))
        made.end(seq, detail=ADMIN)
    last = len(bodies)
    made.begin(last + 1, request_head("GET", f"{SECRETS}?watch=1", f"Cookie: session={ADMIN}"))
    event = json.dumps({"type": "ADDED", "object": SECRET}).encode() + b"\n"
    made.answer(last + 1, CHUNKED_HEAD % b"application/json", event[:30], event[30:])
    return made.begin(last + 2, request_head("POST", SECRETS, authorized), json.dumps(SECRET).encode())


def configmap() -> bytes:
    """Which keeps its value."""
    return json.dumps({"kind": "ConfigMap", "apiVersion": "v1", "data": {"p": CONTROL}}).encode()


def answer_head(media_type: str) -> bytes:
    """An answer that says what was asked, gzipped, and sets a cookie."""
    fields = f"Content-Type: {media_type}\r\nContent-Encoding: gzip\r\nSet-Cookie: s={ADMIN}; Path=/"
    return f"HTTP/1.1 200 {OWN}\r\n{fields}\r\n\r\n".encode()


def every_byte(folder: Path) -> dict[str, bytes]:
    """All files as they are, and of recordings all columns and all bodies."""
    found = {str(path): path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != "key"}
    for path in folder.glob("*.kproxy"):
        with sqlite3.connect(path) as database:
            for (table,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall():
                found[f"{path}:{table}"] = repr(database.execute(f"SELECT * FROM {table}").fetchall()).encode()  # noqa: S608 - its own names
            for digest, coding, data in database.execute("SELECT digest, coding, data FROM bodies").fetchall():
                plain = zstandard.ZstdDecompressor().decompress(data) if coding == "zstd" else data
                found[f"{path}:{digest}"] = plain
        database.close()
    return found


def where(folder: Path, secret: str) -> list[str]:
    """Where a secret is, in any form."""
    return [name for name, data in every_byte(folder).items() if any(form in data for form in forms(secret))]


@in_loop
async def test_no_secret_is_anywhere_and_the_control_is(tmp_path: Path) -> None:
    settings = RecorderSettings(
        recording=tmp_path / "a.kproxy",
        session=a_session(end=SessionEnd.RECORDING),
        epoch=time.monotonic_ns(),
        handoffs=(),
        key=tmp_path / "key",
        literals=(ADMIN, OWN),
    )
    ours, theirs = socket.socketpair()
    recorder = await start(settings, theirs)
    ours.sendall(pack_batch(1, script().take()))
    ours.setblocking(True)
    ours.recv(ANSWER.size * 3, socket.MSG_WAITALL)  # READY, COMMITTED, CHECKPOINT: it is on disk, journal and all
    for secret in (PASSWORD, ADMIN, OWN):
        assert where(tmp_path, secret) == []
    await recorder.goodbye(0)
    ours.close()
    assert await recorder.wait() == 0
    with open_recording(str(settings.recording)) as recording:
        export_text(recording, tmp_path / "text")
        assert len(list(recording.exchanges())) == 15
        assert len(list(recording.frames(list(recording.exchanges())[13].seq))) == 1
    for secret in (PASSWORD, ADMIN, OWN):
        assert where(tmp_path, secret) == []
    assert any(name.endswith("bodies.jsonl") for name in where(tmp_path, CONTROL))
    assert any(":" in name for name in where(tmp_path, CONTROL))
