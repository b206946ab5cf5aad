"""Objects told apart by their bytes: a list, or an event, is cut into objects that were mostly seen before.

Only what an api-server writes itself is cut: JSON without spaces, plain ASCII. An object of a list whose bytes were
seen before is neither decoded nor gone through again, wherever it stood.
"""

import re
from collections.abc import Callable
from itertools import count

from kproxy.model.jsontypes import JSONObject
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import MAX_CONTENT, MAX_DEPTH, check_depth, decode_json_at

_LIST = re.compile(
    rb'(\{"kind":"[A-Za-z0-9]{1,100}","apiVersion":"[A-Za-z0-9./-]{1,100}",)'
    rb'"metadata":\{"resourceVersion":"([0-9]{1,18})"\},"items":\['
)
"""How a whole list begins; one that came in pages says more of itself."""

_EVENT = re.compile(rb'\{"type":"(ADDED|MODIFIED|DELETED)","object":')
_ENDS = frozenset({b"}", b"}\n"})
_COMMA, _END_OF_LIST = b",]"

_MOST = 1 << 20
"""Bytes of objects that are remembered, about."""
_PREFIX = 220
"""Bytes that an object is looked up by: with an api-server's order of fields, its uid and its revision are in them."""
_ALIKE = 8
"""Objects that begin alike and are remembered, at most."""
_OUTSIDE = 2
"""Levels of nesting that a list has around its objects."""
_EXTRA = 400
"""Bytes that remembering an object takes beside its own."""


class Item:
    """An object by its bytes. `number`: its own; `name`: its namespace and name, as lists are put in order by them.

    `owns`: it says whose its fields are, wherever it stands.
    """

    __slots__ = ("data", "name", "number", "owns", "value")

    def __init__(self, number: int, data: bytes, value: JSONObject) -> None:
        self.number = number
        self.data = data
        self.value = value
        metadata = value.get("metadata")
        self.name = ""
        self.owns = False
        if isinstance(metadata, dict):
            self.owns = isinstance(metadata.get("uid"), str)
            self.name = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"


class Cut:
    """A list: what stands before its revision, the revision, its objects."""

    __slots__ = ("head", "items", "revision")

    def __init__(self, head: bytes, revision: str, items: list[Item]) -> None:
        self.head = head
        self.revision = revision
        self.items = items


class Items:
    """One recording's objects, those seen last: what was seen in neither of the last two generations is forgotten."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most // 2
        self._size = 0
        self._young: dict[bytes, list[Item]] = {}
        self._old: dict[bytes, list[Item]] = {}
        self._numbers = count()

    def list_of(self, data: bytes) -> Cut | None:
        """A list cut into its objects; None for what is none that can be cut."""
        found = _LIST.match(data)
        if found is None or not _is_plain(data):
            return None
        items: list[Item] = []
        at, text = found.end(), ""
        if data[at] != _END_OF_LIST:
            while True:
                item = self._find(data, at)
                if item is None:
                    text = text or data.decode("ascii")
                    item = self._read(data, text, at)
                if item is None:
                    return None
                items.append(item)
                at += len(item.data) + 1
                if at >= len(data) or data[at - 1] != _COMMA:
                    at -= 1
                    break
        ends_well = data[at : at + 1] == b"]" and data[at + 1 :] in _ENDS
        return Cut(found[1], found[2].decode(), items) if ends_well else None

    def of_event(self, data: bytes) -> tuple[str, Item] | None:
        """A watch event's type and object; None for what cannot be cut."""
        found = _EVENT.match(data)
        if found is None or not _is_plain(data):
            return None
        at = found.end()
        item = self._find(data, at) or self._read(data, data.decode("ascii"), at)
        if item is None or data[at + len(item.data) :] not in _ENDS:
            return None
        return found[1].decode(), item

    def whole(self, data: bytes) -> Item | None:
        """A body that is an object; None for what is none, or has spaces around it."""
        if data[:1] != b"{" or not _is_plain(data):
            return None
        end = data.rstrip(b"\n")
        item = self._find(data, 0) or self._read(data, data.decode("ascii"), 0)
        return item if item is not None and len(item.data) == len(end) else None

    def _find(self, data: bytes, at: int) -> Item | None:
        prefix = data[at : at + _PREFIX]
        for each in self._young.get(prefix, ()):
            if data.startswith(each.data, at):
                return each
        for each in self._old.get(prefix, ()):
            if data.startswith(each.data, at):
                self._keep(prefix, each)
                return each
        return None

    def _read(self, data: bytes, text: str, at: int) -> Item | None:
        try:
            value, end = decode_json_at(text, at)
            if not isinstance(value, dict):
                return None
            own = data[at:end]
            if own.count(b"{") + own.count(b"[") > MAX_DEPTH - _OUTSIDE:
                check_depth(value, MAX_DEPTH - _OUTSIDE)
        except ContentError:
            return None
        item = Item(next(self._numbers), own, value)
        self._keep(data[at : at + _PREFIX], item)
        return item

    def _keep(self, prefix: bytes, item: Item) -> None:
        alike = self._young.setdefault(prefix, [])
        alike.append(item)
        if len(alike) > _ALIKE:
            del alike[0]
        self._size += len(item.data) + _EXTRA
        if self._size > self._most:
            self._old, self._young, self._size = self._young, {}, 0


def _is_plain(data: bytes) -> bool:
    r"""Whether a character is a byte, and none was written as an escape that may be half of one (`\ud800`)."""
    if not data.isascii() or len(data) > MAX_CONTENT:
        return False
    return b"\\u" not in data or not (b"\\ud" in data or b"\\uD" in data)


def stand_beside(first: list[Item], second: list[Item], rename: Callable[[str], str]) -> bool:
    """Whether the objects of two lists stand beside each other as they come (as kproxy.renaming.lists.align has it)."""
    if len(first) != len(second):
        return False
    keys, others = [each.name for each in first], [each.name for each in second]
    if keys == others:
        return True
    for names in (keys, others):
        if not all(names) or len(set(names)) < len(names):
            return True  # by their places
    return [rename(key) for key in keys] == others
