"""Exchanges as the proxy hands them over, for tests of the recorder."""

import time
from dataclasses import dataclass, field

from kproxy.model.exchange import End
from kproxy.wire.handoff import RecordType, pack_end, pack_head, pack_record

JSON_HEAD = b"HTTP/1.1 %d OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
CHUNKED_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: %s\r\nTransfer-Encoding: chunked\r\n\r\n"


def request_head(method: str, target: str, *fields: str) -> bytes:
    """A raw request head."""
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: kproxy", *fields, "", ""]).encode("latin-1")


def head_payload(raw: bytes) -> bytes:
    """A REQUEST_HEAD record's payload."""
    return pack_head(1, 1, tls=True, caller=b"admin", raw=raw)


@dataclass
class Script:
    """The records of some exchanges; times count up from `at`."""

    at: int = field(default_factory=time.monotonic_ns)
    parts: list[bytes] = field(default_factory=list)

    def add(self, kind: RecordType, seq: int, payload: bytes = b"") -> "Script":
        """One record."""
        self.at += 1000
        self.parts.append(pack_record(kind, seq, self.at, payload))
        return self

    def begin(self, seq: int, raw: bytes, body: bytes = b"") -> "Script":
        """A request."""
        self.add(RecordType.REQUEST_HEAD, seq, head_payload(raw))
        return self.add(RecordType.REQUEST_BODY, seq, body) if body else self

    def answer(self, seq: int, head: bytes, *pieces: bytes) -> "Script":
        """An answer's head and content."""
        self.add(RecordType.ANSWER_HEAD, seq, head)
        for piece in pieces:
            self.add(RecordType.ANSWER_BODY, seq, piece)
        return self

    def end(self, seq: int, end: End = End.COMPLETE, detail: str = "") -> "Script":
        """Its end."""
        return self.add(RecordType.END, seq, pack_end(end, detail))

    def exchange(self, seq: int, raw: bytes, body: bytes = b"", answer: bytes = b"{}", status: int = 200) -> "Script":
        """A whole one, answered in JSON."""
        self.begin(seq, raw, body).answer(seq, JSON_HEAD % (status, len(answer)), answer)
        return self.end(seq)

    def get(self, seq: int, name: str = "x", answer: bytes = b"{}") -> "Script":
        """A GET of a pod."""
        return self.exchange(seq, request_head("GET", f"/api/v1/namespaces/default/pods/{name}"), answer=answer)

    def take(self) -> bytes:
        """The records so far; the script begins anew."""
        made = b"".join(self.parts)
        self.parts = []
        return made
