"""What raw heads say, redacted: the one place where a head's bytes become values."""

import re
from functools import lru_cache

from kproxy.model.exchange import Headers
from kproxy.record.openexchange import AnswerFacts, RequestFacts
from kproxy.record.redact import Redactor
from kproxy.wire.http1 import parse_head
from kproxy.wire.http1_head import HeadParts
from kproxy.wire.requestinfo import request_info

CACHED = 2048
CACHED_BYTES = 4096
"""Heads up to this size are looked up among the last CACHED ones: both sides repeat themselves."""


class HeadReader:
    """Reads heads; any bytes give some values."""

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._cached = lru_cache(maxsize=CACHED)(self._request)
        self._cached_answer = lru_cache(maxsize=CACHED)(self._answer)

    def request(self, raw: bytes) -> RequestFacts:
        """A request's head."""
        return self._cached(raw) if len(raw) <= CACHED_BYTES else self._request(raw)

    def answer(self, raw: bytes) -> AnswerFacts:
        """A final answer's head."""
        return self._cached_answer(raw) if len(raw) <= CACHED_BYTES else self._answer(raw)

    def trailers(self, raw: bytes) -> Headers:
        """A trailer section."""
        return self._redactor.headers(parse_head(b"\r\n" + raw).headers, raw)

    def text(self, text: str) -> str:
        """Any text that came along."""
        return self._redactor.text(text)

    def _answer(self, raw: bytes) -> AnswerFacts:
        (version, status, reason), fields = parse_head(raw)
        known = _known(fields)
        return AnswerFacts(
            status=int(status) if status.isascii() and status.isdigit() and len(status) == 3 else 0,
            reason=self._redactor.text(reason) if reason != "OK" else reason,
            http_version=self._redactor.text(version),
            headers=self._redactor.headers(fields, raw),
            media_type=known.get("content-type", ""),
            coding=known.get("content-encoding", ""),
            content_length=_length(known),
            upgrade=known.get("upgrade", ""),
        )

    def _request(self, raw: bytes) -> RequestFacts:
        (method, target, version), fields = _sayable(parse_head(raw))
        known = _known(fields)
        target = self._redactor.target(target)
        method = self._redactor.text(method)
        return RequestFacts(
            method=method,
            target=target,
            http_version=self._redactor.text(version),
            headers=self._redactor.headers(fields, raw),
            info=request_info(method, target),
            media_type=known.get("content-type", ""),
            coding=known.get("content-encoding", ""),
            content_length=_length(known),
            chunked="transfer-encoding" in known,
        )


_NOTHING = HeadParts(("", "", ""), ())
_NAME = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+[ \t]*")


def _sayable(parts: HeadParts) -> HeadParts:
    """What of a request's head may be kept: refused ones may be the rest of a body whose length was wrong.

    Without a request line it is no head at all; a line that is no field is left out.
    """
    if not parts.start[2].startswith("HTTP/"):
        return _NOTHING
    return HeadParts(parts.start, tuple([field for field in parts.headers if _NAME.fullmatch(field[0])]))


_WANTED = frozenset({"content-type", "content-encoding", "content-length", "transfer-encoding", "upgrade"})


def _known(fields: Headers) -> dict[str, str]:
    """The fields that say what a body is, by their names in lower case."""
    return {lower: value for name, value in fields if (lower := name.lower()) in _WANTED}


def _length(known: dict[str, str]) -> int | None:
    value = known.get("content-length", "")
    return int(value) if value.isascii() and value.isdigit() and len(value) < 19 else None
