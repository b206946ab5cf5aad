"""What raw heads say, redacted: the one place where a head's bytes become values.

Both sides repeat themselves: a client sends the same fields with each request, a server differs from one answer to the
next in little but Audit-Id. So first lines and fields are read apart, and the last ones are remembered.
"""

import re
from dataclasses import dataclass
from functools import lru_cache

from kproxy.model.exchange import Headers
from kproxy.record.openexchange import AnswerFacts, RequestFacts
from kproxy.record.redact import Redactor
from kproxy.wire.http1 import parse_head
from kproxy.wire.requestinfo import request_info
from kproxy.wire.tracecontext import client_trace

CACHED = 2048
CACHED_BYTES = 4096
"""Fields up to this size are looked up among the last CACHED ones."""

_AUDIT_ID = b"\r\nAudit-Id: "


@dataclass(frozen=True, slots=True)
class _Fields:
    """What a head's fields say; `sayable`: those that are fields; `plain`: none is folded, so that lines are fields."""

    headers: Headers
    sayable: Headers
    media_type: str
    coding: str
    content_length: int | None
    chunked: bool
    upgrade: str
    plain: bool
    client_trace: str


class HeadReader:
    """Reads heads; any bytes give some values."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._cached_fields = lru_cache(maxsize=CACHED)(self._fields)
        self._cached_status = lru_cache(maxsize=CACHED)(self._status)
        self._cached_text = lru_cache(maxsize=CACHED)(redactor.text)

    def request(self, raw: bytes) -> RequestFacts:
        """A request's head.

        Refused ones may be the rest of a body whose length was wrong: without a request line it is no head at all, and
        a line that is no field is left out.
        """
        first, tail = _parted(raw)
        method, target, version = _words(first)
        if not version.startswith("HTTP/"):
            method = target = version = ""
            tail = b""
        fields = self._fields_of(tail)
        target = self._redactor.target(target)
        method = self._cached_text(method)
        return RequestFacts(
            method=method,
            target=target,
            http_version=self._cached_text(version),
            headers=fields.sayable,
            info=request_info(method, target),
            media_type=fields.media_type,
            coding=fields.coding,
            content_length=fields.content_length,
            chunked=fields.chunked,
            client_trace=fields.client_trace,
        )

    def answer(self, raw: bytes) -> AnswerFacts:
        """A final answer's head."""
        first, tail = _parted(raw)
        status, reason, version = self._cached_status(first)
        headers, fields = self._without_audit_id(tail)
        return AnswerFacts(
            status=status,
            reason=reason,
            http_version=version,
            headers=headers,
            media_type=fields.media_type,
            coding=fields.coding,
            content_length=fields.content_length,
            upgrade=fields.upgrade,
        )

    def trailers(self, raw: bytes) -> Headers:
        """A trailer section."""
        return self._redactor.headers(parse_head(b"\r\n" + raw).headers, raw)

    def _without_audit_id(self, tail: bytes) -> tuple[Headers, _Fields]:
        """All headers, and what the others say, which may be known already."""
        begin = tail.find(_AUDIT_ID)
        if begin >= 0:
            value_at = begin + len(_AUDIT_ID)
            end = tail.find(b"\r\n", value_at)
            value = tail[value_at:end]
            fields = self._fields_of(tail[:begin] + tail[end:])
            if fields.plain and value.replace(b"-", b"").isalnum():
                index = tail.count(b"\r\n", 0, begin)
                audit_id = ("Audit-Id", self._redactor.text(value.decode("latin-1")))
                return (*fields.headers[:index], audit_id, *fields.headers[index:]), fields
        fields = self._fields_of(tail)
        return fields.headers, fields

    def _fields_of(self, tail: bytes) -> _Fields:
        return self._cached_fields(tail) if len(tail) <= CACHED_BYTES else self._fields(tail)

    def _fields(self, tail: bytes) -> _Fields:
        parsed = parse_head(tail).headers
        known = {lower: value for name, value in parsed if (lower := name.lower()) in _WANTED}
        headers = self._redactor.headers(parsed, tail)
        return _Fields(
            headers=headers,
            sayable=tuple([field for field in headers if _NAME.fullmatch(field[0])]),
            media_type=known.get("content-type", ""),
            coding=known.get("content-encoding", ""),
            content_length=_length(known),
            chunked="transfer-encoding" in known,
            upgrade=known.get("upgrade", ""),
            plain=_FOLDED.search(tail) is None,
            client_trace=_client_trace(parsed),
        )

    def _status(self, first: bytes) -> tuple[int, str, str]:
        version, status, reason = _words(first)
        number = int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 0
        return number, self._redactor.text(reason), self._redactor.text(version)


_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*")
_FOLDED = re.compile(rb"(?<!\r)\n|\r\n[ \t]")
_WANTED = frozenset({"content-type", "content-encoding", "content-length", "transfer-encoding", "upgrade"})


def _parted(raw: bytes) -> tuple[bytes, bytes]:
    """The first line, and what follows it from its line end on, as parse_head parts them."""
    end = raw.find(b"\n")
    if end < 0:
        return raw, b""
    if raw[end - 1 : end] == b"\r":
        end -= 1
    return raw[:end], raw[end:]


def _words(first: bytes) -> tuple[str, str, str]:
    """The three parts of a first line."""
    one, _, rest = first.decode("latin-1").partition(" ")
    two, _, three = rest.partition(" ")
    return one, two, three


def _client_trace(headers: Headers) -> str:
    """The trace that a request belongs to, as the proxy read it when it joined it."""
    values = [value.encode("latin-1") for name, value in headers if name.lower() == "traceparent"]
    trace = client_trace(values) if values else None
    return trace.trace_id.decode("ascii") if trace is not None else ""


def _length(known: dict[str, str]) -> int | None:
    value = known.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
