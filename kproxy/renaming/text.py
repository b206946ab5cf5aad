r"""Renaming inside text: messages, annotations that hold JSON, names made from other names, keys, paths.

A token is a maximal run of letters, digits, `.`, `_` and `-`. It is renamed when it is a known name, or begins with
one that ends at a boundary (`NAME-…`, `NAME.…`: an object named after another). `my-NAME` and `NAMES` only look alike.
A template's hash is renamed between `-`, where names are made with it (`web-HASH-x2x4q`). In JSON within a text, what
stands behind an escape (`\nNAME`) begins a token.
"""

import re
from bisect import insort
from collections.abc import Callable, Iterable, Mapping
from operator import neg

from kproxy.renaming.kinds import UUID

_APART = r"(?:(?<![0-9A-Za-z:])|(?<=\\[nrtbf])|(?<=\\u[0-9A-Fa-f]{4}))"
_IPV6 = _APART + r"[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){2,7}(?![0-9A-Za-z:])"
_TOKEN = re.compile(rf"\\(?:u[0-9A-Fa-f]{{4}}|[\\nrtbf])|{_IPV6}|[0-9A-Za-z][0-9A-Za-z._-]*")
_RUN = re.compile(r"[0-9A-Za-z]+")
_ADDRESS = re.compile(r"[0-9A-Fa-f:]{2,}")
_BOUNDARY = re.compile(r"[._-]")
_BOUNDARIES = frozenset("._-")
_PORT = re.compile(
    r"(?<=[: ])(?:"
    r"(?<=:)[0-9]{2,5}(?=/(?:TCP|UDP|SCTP))"  # of a Table's cell
    # kubernetes/pkg/registry/core/service/portallocator/allocator.go, as its callers tell it
    r"|(?:(?<=Invalid value: )|(?<=HealthCheck NodePort ))[0-9]{2,5}(?=: provided port is )"
    r"|(?:(?<=odePort\":)|(?<=odePort\": )|(?<=odePort\\\":)|(?<=odePort\\\": ))[0-9]{2,5}(?![0-9.])"  # a text's JSON
    r")"
)

_STORES_REVISION = re.compile(
    r"(Too large resource version: [0-9]+, current: )[0-9]+"
    r"|(too old resource version: )[0-9]+( \([0-9]+\))?"  # what was asked for, and what there still was
)
_ADDRESS_PORT = re.compile(r"(?<=[0-9\]]:)([0-9]{4,5})(?![0-9/])")
_NONE: Mapping[str, str] = {}
_UUID_LENGTH = 36


class Names:
    """Names that texts may hold, whose images `image` tells: those are not kept here, and of uids nothing is.

    `lengths`: of the other names, by what stands before the first boundary; longest first. `uids`: whether there are
    any. `hashes`: of templates, and their images.
    """

    def __init__(self, image: Callable[[str], str | None], names: Iterable[str] = ()) -> None:
        self.image = image
        self.lengths: dict[str, list[int]] = {}
        self.uids = False
        self.hashes: dict[str, str] = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> None:
        """One more."""
        if UUID.fullmatch(name):
            self.uids = True
            return
        lengths = self.lengths.setdefault(_head(name, 0), [])
        if len(name) not in lengths:
            insort(lengths, len(name), key=neg)

    def __bool__(self) -> bool:
        return bool(self.lengths or self.uids or self.hashes)

    def text(self, name: str) -> str:
        """A name's image, or what is none as it is."""
        image = self.image(name)
        return name if image is None else image

    def starting(self, token: str, at: int) -> Iterable[int]:
        """How long a name may be that begins there; longest first."""
        lengths = self.lengths.get(_head(token, at), ())
        if self.uids and len(token) - at >= _UUID_LENGTH and UUID.match(token, at):
            return sorted({*lengths, _UUID_LENGTH}, reverse=True)
        return lengths


def rename_ports(text: str, ports: Mapping[str, str], listening: Mapping[str, str] = _NONE) -> str:
    """`text` with the other server's ports.

    `ports`: node ports, renamed only where what stands around them says that they are ports (a Table's cell, the
    allocator's refusal, `"nodePort":` in a text's JSON), because a number alone says nothing;
    `listening`: the api-server's own port, renamed behind an address only.
    """
    if listening:
        text = _ADDRESS_PORT.sub(lambda found: listening.get(found[1], found[1]), text)
    return _PORT.sub(lambda found: ports.get(found[0], found[0]), text) if ports else text


def rename_names(text: str, names: Names | Mapping[str, str]) -> str:
    """`text` with each known name in the other server's words: uids, generated names, addresses and pseudonyms.

    Time goes with its length, however many are known; what comes of it depends on no name that it does not contain.
    """
    known = names if isinstance(names, Names) else Names(names.get, names)
    if not known or _names_none(text, known):
        return text
    return _TOKEN.sub(lambda found: _rename_token(found[0], known), text)


def _names_none(text: str, names: Names) -> bool:
    """Whether no token of a text can be renamed, for certain: nearly all are like that, and are not gone through.

    A name, a hash and a uid begin where a run of letters and digits does, but behind an escape.
    """
    heads = names.lengths.keys()
    runs = _RUN.findall(text)
    if "\\" in text or not heads.isdisjoint(runs) or not names.hashes.keys().isdisjoint(runs):
        return False
    if ":" in text and not heads.isdisjoint(_ADDRESS.findall(text)):
        return False
    return "-" not in text or UUID.search(text) is None


def _rename_token(token: str, names: Names) -> str:
    """From where a name may begin (at first, behind another one, behind a dot): the longest one that ends there."""
    parts: list[str] = []
    at = 0
    while at < len(token):
        if found := _name_at(token, at, names):
            image, end = found
            parts += (image, token[end : end + 1])
            at = end + 1
            continue
        dot = token.find(".", at) + 1 or len(token)
        parts.append(_rename_parts(token[at:dot], names))
        at = dot
    return "".join(parts)


def _head(text: str, at: int) -> str:
    """What stands before the first boundary."""
    found = _BOUNDARY.search(text, at)
    return text[at : found.start()] if found else text[at:]


def _name_at(token: str, at: int, names: Names) -> tuple[str, int] | None:
    """The image of the longest name that begins there and has a boundary, or the token's end, behind it; its end."""
    for length in names.starting(token, at):
        end = at + length
        if end == len(token) or token[end : end + 1] in _BOUNDARIES:
            image = names.image(token[at:end])
            if image is not None:
                return image, end
    return None


def _rename_parts(part: str, names: Names) -> str:
    if names.hashes:
        stem, dot = (part[:-1], ".") if part.endswith(".") else (part, "")
        part = "-".join(names.hashes.get(piece, piece) for piece in stem.split("-")) + dot
    return UUID.sub(lambda found: names.text(found[0]), part) if len(part) >= _UUID_LENGTH else part


def without_store_revision(text: str) -> str:
    """A Status's message without the revision that the store happened to have (apiserver/pkg/storage/errors.go)."""
    return _STORES_REVISION.sub(lambda found: f"{found[1] or found[2]}…", text) if "resource version" in text else text
