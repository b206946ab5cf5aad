"""Secrets that are known by their bytes (the admin's token, kproxy's own, a client key), wherever they turn up.

They are looked for as they are, escaped as in JSON, percent-encoded, and in base64 at any of its three alignments.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from urllib.parse import quote

from kproxy.record.pseudonyms import Pseudonyms, is_pseudonym

MIN_LENGTH = 8
"""Characters: a shorter literal would be found where it is none."""
_MIN_LINE = 32
"""Characters of a line of a longer literal (a PEM key) that count as a secret of their own."""
PROBE = 48
"""Bytes of a long literal's middle that are looked for in base64."""

_RARITY = {byte: rank for rank, byte in enumerate(b"QZJXYKWHGBU+%~VLOEFDIRANMCPTS9876543210zqxjkvbwygfhpumdclrnstioae")}

_RUN = re.compile(rb"[A-Za-z0-9+/_=-]+")


class Literals:
    """Replaces given secrets in any bytes; quick where there are none."""

    def __init__(self, pseudonyms: Pseudonyms, literals: Iterable[str]) -> None:
        wanted = {literal for literal in literals if len(literal) >= MIN_LENGTH and not is_pseudonym(literal)}
        self._plain: list[tuple[bytes, bytes]] = []  # longest first: what is looked for, what is put there
        self._cores: list[bytes] = []
        lines: list[tuple[bytes, bytes]] = []
        probes: list[bytes] = []
        for literal in sorted(wanted, key=len, reverse=True):
            made = pseudonyms.plain(literal.encode()).encode()
            parts = _lines(literal)
            self._plain += [(form, made) for form in _forms(literal)]
            lines += [(form, made) for line in parts for form in _forms(line)]
            self._cores += _cores(_middle(literal.encode()))
            probes += [form for line in parts or [literal] for form in _forms(line)]
        self._plain += lines
        self._probes = tuple(dict.fromkeys(probes + self._cores))
        self._sieve = re.compile(b"|".join(sorted({re.escape(_rare(probe)) for probe in self._probes})) or rb"(?!)")

    def found(self, data: bytes) -> bool:
        """Whether one of them, or a line of one, is in there, in any form."""
        return self._sieve.search(data) is not None and any(probe in data for probe in self._probes)

    def replace(self, data: bytes) -> bytes:
        """The same bytes if none is in there."""
        if not self.found(data):
            return data
        for form, made in self._plain:
            data = data.replace(form, made)
        if any(core in data for core in self._cores):
            data = _RUN.sub(self._replace_run, data)
        return data

    def replace_text(self, text: str) -> str:
        """`replace` for a text."""
        raw = text.encode("utf-8", "surrogateescape")
        replaced = self.replace(raw)
        return text if replaced is raw else replaced.decode("utf-8", "surrogateescape")

    def _replace_run(self, match: re.Match[bytes]) -> bytes:
        run = match[0]
        if not any(core in run for core in self._cores):
            return run
        urlsafe = b"-" in run or b"_" in run
        stripped = run.rstrip(b"=")
        try:
            data = base64.b64decode(
                stripped + b"=" * (-len(stripped) % 4), altchars=b"-_" if urlsafe else None, validate=True
            )
        except binascii.Error:
            data = b""
        replaced = data
        for form, made in self._plain:
            replaced = replaced.replace(form, made)
        if replaced == data:  # it begins in the middle of somebody's base64: none of it is kept
            replaced = self._plain[0][1]
        encode = base64.urlsafe_b64encode if urlsafe else base64.b64encode
        encoded = encode(replaced)
        return encoded if len(run) % 4 == 0 else encoded.rstrip(b"=")


def _rare(probe: bytes) -> bytes:
    """A part of `probe` that begins with a character that is rare in JSON: the search stops there only.

    The regular expression engine skips to the first characters of its alternatives; that makes one search of all of
    them some ten times as fast as one for each.
    """
    starts = range(len(probe) - MIN_LENGTH + 1)
    best = min(starts, key=lambda start: (_RARITY.get(probe[start], len(_RARITY)), start))
    return probe[best : best + PROBE // 2]


def _forms(literal: str) -> list[bytes]:
    """As it is, as JSON has it (Python's and Go's way), percent-encoded."""
    escaped = json.dumps(literal, ensure_ascii=False)[1:-1]
    go = escaped.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    ascii_only = json.dumps(literal)[1:-1]
    percent = quote(literal, safe="")
    crlf = literal.replace("\n", "\r\n")
    return list(dict.fromkeys(form.encode() for form in (literal, crlf, escaped, go, ascii_only, percent)))


def _lines(literal: str) -> list[str]:
    lines = literal.splitlines()
    return [line for line in lines if len(line) >= _MIN_LINE and not line.startswith("-----")] if len(lines) > 1 else []


def _middle(literal: bytes) -> bytes:
    if len(literal) <= 2 * PROBE:
        return literal
    start = (len(literal) - PROBE) // 2
    return literal[start : start + PROBE]


def _cores(data: bytes) -> list[bytes]:
    """The part of `data`'s base64 that does not depend on what is around it, at each alignment, in both alphabets."""
    cores = []
    for shift in range(3):
        encoded = base64.b64encode(b"\0" * shift + data)
        first = (shift * 8 + 5) // 6
        whole = (shift + len(data)) * 8 // 6
        core = encoded[first:whole]
        cores += [core, core.replace(b"+", b"-").replace(b"/", b"_")]
    return list(dict.fromkeys(cores))
