"""Values that the server chose, by what told them first: uids, generated names, tokens, pages, addresses. Pure.

They are found in bodies without decoding: all of them stand as plain text in JSON, YAML, protobuf and CBOR alike.
"""

import re
from collections.abc import Iterator
from urllib.parse import unquote_to_bytes

from kproxy.model.api import metadata_of
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import JSON, text
from kproxy.renaming.pseudonyms import pseudonyms_in
from kproxy.renaming.target import parameter, path_of
from kproxy.replay.effects import Effect, program_of
from kproxy.replay.recent import Recent

_UUID = re.compile(rb"(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])")
_UUID_FROM_ITS_DASH = re.compile(
    rb"-(?<=(?<![0-9A-Za-z])[0-9a-f]{8}-)[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])"
)
"""The same ones, looked for by a letter that few bodies have many of: a third of the time."""

_WORD = re.compile(rb"[a-z0-9][a-z0-9.:-]{2,252}")
_MOST = 65_536
"""Values of each kind that are known at a time."""

_MOST_PAGERS = 1_024
_PAGES = 4
_ANY = frozenset({None, "", "0"})


class Values:
    """Which step told which value first."""

    def __init__(self) -> None:
        self._tellers: Recent[bytes, int] = Recent(_MOST)
        self._words: Recent[bytes, int] = Recent(_MOST)
        self._pages: Recent[tuple[str, str], tuple[int, ...]] = Recent(_MOST_PAGERS)
        self._lists: Recent[tuple[str, str], int] = Recent(_MOST_PAGERS)

    def used(self, effect: Effect, body: bytes) -> tuple[dict[int, str], list[bytes]]:
        """The steps whose answers told what a request names, each with the value; and the uids that none of them told.

        `body`: the request's, b"" where it needs no looking at.
        """
        found: dict[int, str] = {}
        unknown: list[bytes] = []
        target = effect.exchange.request.target
        if "continue=" in target and parameter(target, "continue"):
            for step in self._pages.get(_pager(effect)) or ():
                self._use(step, "a continue token", found)
        if effect.exchange.info.verb == "watch" and parameter(target, "resourceVersion") not in _ANY:
            self._use(self._lists.get(_pager(effect)), "a list's resourceVersion", found)
        text = unquote_to_bytes(target) + b"\n" + body if "-" in target or body else b""
        for value in dict.fromkeys(_strict_values(text)):
            teller = self._tellers.get(value)
            if teller is None and _UUID.fullmatch(value):
                unknown.append(value)
            self._use(teller, value.decode("latin-1"), found)
        if len(self._words):
            for word in _words(body or text.partition(b"?")[2]):
                self._use(self._words.get(word), word.decode(), found)
        return found, unknown

    @staticmethod
    def _use(teller: int | None, value: str, found: dict[int, str]) -> None:
        if teller is not None:
            found.setdefault(teller, value)

    def told(self, number: int, effect: Effect, sent: bytes, answer: bytes) -> None:
        """Take in what a step's answer tells that its request did not say."""
        known = set(_strict_values(sent))
        for value in _strict_values(answer):
            if value not in known and self._tellers.get(value) is None:
                self._tellers.put(value, number)
        for word in _chosen_words(effect):
            if self._words.get(word) is None:
                self._words.put(word, number)

    def assume(self, number: int, values: list[bytes]) -> None:
        """A step used values that nobody told who is known; who uses them later may wait for this one."""
        for value in values:
            self._tellers.put(value, number)

    def page(self, number: int, effect: Effect) -> None:
        """Take in a list that may have told where it goes on: which of the last ones it was nobody needs to know.

        And what a watch begins behind: the revision of an empty list is of no change that anything else tells.
        """
        if effect.exchange.info.verb != "list":
            return
        key = _pager(effect)
        self._lists.put(key, number)
        if "limit=" in effect.exchange.request.target:
            self._pages.put(key, (*(self._pages.get(key) or ()), number)[-_PAGES:])


def uids_in(exchange: Exchange, body: bytes) -> set[bytes]:
    """The uids that a request names."""
    return set(_uuids(unquote_to_bytes(exchange.request.target) + b"\n" + body))


def _pager(effect: Effect) -> tuple[str, str]:
    """Who reads which list page by page."""
    return program_of(effect.exchange), path_of(effect.exchange.request.target)


def _uuids(data: bytes) -> Iterator[bytes]:
    for match in _UUID_FROM_ITS_DASH.finditer(data):
        yield data[match.start() - 8 : match.end()]


def _strict_values(data: bytes) -> Iterator[bytes]:
    """Values that cannot be anything else: uids, pseudonyms."""
    yield from _uuids(data)
    if b"kproxy-redacted-" in data or b"a3Byb3h5LXJlZGFjdGVk" in data or b"eyJrcHJveHki" in data:
        for each in pseudonyms_in(data.decode("latin-1")):
            yield each.encode("latin-1")


def _words(data: bytes) -> Iterator[bytes]:
    """What may be a name or an address in a body.

    In protobuf a length stands before a text, and may look like its first letter; a name's first part may be another's.
    """
    for word in _WORD.findall(data):
        yield word
        yield word[1:]
        if b"." in word:
            yield word.partition(b".")[0]


def _chosen_words(effect: Effect) -> Iterator[bytes]:
    """The name that the server gave, and a service's addresses."""
    if not effect.makes:
        return
    metadata = metadata_of(effect.told)
    if (name := text(metadata.get("name"))) and metadata.get("generateName"):
        yield name.encode()
    if effect.exchange.info.resource == "services":
        spec, wanted = effect.told.get("spec"), effect.sent.get("spec")
        addresses = _texts(spec.get("clusterIPs")) if isinstance(spec, dict) else []
        asked = text(wanted.get("clusterIP")) if isinstance(wanted, dict) else ""
        yield from (each.encode() for each in addresses if each not in {asked, "None"})


def _texts(value: JSON) -> list[str]:
    return [each for each in value if isinstance(each, str)] if isinstance(value, list) else []
