"""Objects told apart by their bytes: a list, or an event, is cut into objects that were mostly seen before.

Only what an api-server writes itself is cut: JSON without spaces, plain ASCII. An object of a list whose bytes were
seen before is neither decoded nor gone through again, wherever it stood. What is written in something else is told
apart by the JSON that says the same.
"""

import json
import re
from collections.abc import Callable
from hashlib import blake2b

from kproxy.diff.recent import Generations
from kproxy.diff.shapes import About, Cut, Facts, Shape, Shapes, Text
from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, JSONObject
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
_NEXT = b'},{"metadata":'
"""Between two objects of a list, and hardly anywhere else."""

_MOST = 1 << 20
"""Bytes of objects that are remembered, about."""
_PREFIX = 220
"""Bytes that an object is looked up by: with an api-server's order of fields, its uid and its revision are in them."""
_ALIKE = 8
"""Objects that begin alike and are remembered, at most."""
_OUTSIDE = 2
"""Levels of nesting that a list has around its objects."""
_DIGEST = 16
"""Bytes of an object's digest."""
_EXTRA = 400
"""Bytes that remembering an object takes beside its own."""
_MOST_BRIEFS = 1 << 23
_BRIEF = 500
"""Bytes of what is remembered of objects in brief, and of one of them, about: of many more than are kept whole."""


class Item:
    """An object by its bytes.

    `name`: its namespace and name, as lists are put in order by them; `owns`: it says whose its fields are, wherever
    it stands; `about`: all that is asked of it for itself; `digest`: of its bytes.
    """

    __slots__ = ("_cut", "_shapes", "_value", "about", "data", "digest", "name", "owns")

    def __init__(
        self, data: bytes, digest: bytes, about: About, *, cut: Cut | Shapes | None, value: JSONObject | None = None
    ) -> None:
        """`cut`: what it was cut into, or who does that when it is asked for."""
        self.data = data
        self.digest = digest
        self.about = about
        self.name, self.owns = about.name, about.owns
        self._shapes = cut if isinstance(cut, Shapes) else None
        self._cut = cut if isinstance(cut, Cut) else None
        self._value = value

    @property
    def cut(self) -> Cut | None:
        """Its shape and values, where it has any."""
        if self._shapes is not None:
            self._cut, self._shapes = self._shapes.cut(self.data), None
        return self._cut

    @property
    def value(self) -> JSONObject:
        """Decoded: each time that it is asked for but the first, as a tree takes ten times the bytes."""
        given, self._value = self._value, None
        if given is not None:
            return given
        value, _ = decode_json_at(self.data.decode("ascii"), 0)
        return value if isinstance(value, dict) else {}

    def forget(self) -> None:
        """It is decoded the first time, too: it may stay long."""
        self._value = None


def about_of(value: JSONObject) -> About:
    """What is asked of an object for itself."""
    metadata, shown = metadata_of(value), metadata_shown(value)
    uid, revision = shown.get("uid"), shown.get("resourceVersion")
    return About(
        name_in(metadata) if isinstance(value.get("metadata"), dict) else "",
        isinstance(metadata.get("uid"), str),
        name_in(shown),
        uid if isinstance(uid, str) else "",
        revision if isinstance(revision, str) else "",
    )


def text_of(value: JSON) -> bytes | None:
    """A value as an api-server would write it in JSON, but in ASCII; None for one that no JSON says."""
    try:
        return _encoder.encode(value).encode("ascii")
    except ValueError:
        return None


_encoder = json.JSONEncoder(separators=(",", ":"), allow_nan=False, check_circular=False)


def name_in(metadata: JSONObject) -> str:
    """The namespace and name that a metadata says."""
    return f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"


def metadata_shown(value: JSONObject) -> JSONObject:
    """The metadata of what an event shows: of a Table the first row's object."""
    rows = value.get("rows")
    if value.get("kind") == "Table" and isinstance(rows, list) and rows and isinstance(rows[0], dict):
        return metadata_of(rows[0].get("object"))
    return metadata_of(value)


class List:
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
        self._shapes = Shapes()
        self._briefs: Generations[bytes, About] = Generations(_MOST_BRIEFS)

    def list_of(self, data: bytes) -> List | None:
        """A list cut into its objects; None for what is none that can be cut."""
        found = _LIST.match(data)
        if found is None or not _is_plain(data):
            return None
        items: list[Item] = []
        at = found.end()
        last = len(data.rstrip(b"\n")) - len(b"]}")
        if data[at] != _END_OF_LIST:
            while True:
                item = self._find(data, at) or self._read(data, at, _end_of_object(data, at, last))
                if item is None:
                    return None
                items.append(item)
                at += len(item.data) + 1
                if at >= len(data) or data[at - 1] != _COMMA:
                    at -= 1
                    break
        ends_well = data[at : at + 1] == b"]" and data[at + 1 :] in _ENDS
        return List(found[1], found[2].decode(), items) if ends_well else None

    def of_event(self, data: bytes) -> tuple[str, Item] | None:
        """A watch event's type and object; None for what cannot be cut."""
        found = _EVENT.match(data)
        if found is None or not _is_plain(data):
            return None
        at = found.end()
        item = self._find(data, at) or self._read(data, at, len(data.rstrip(b"\n")) - len(b"}"))
        if item is None or data[at + len(item.data) :] not in _ENDS:
            return None
        return found[1].decode(), item

    def whole(self, data: bytes) -> Item | None:
        """A body that is an object; None for what is none, or has spaces around it."""
        if data[:1] != b"{" or not _is_plain(data):
            return None
        end = len(data.rstrip(b"\n"))
        item = self._find(data, 0) or self._read(data, 0, end)
        return item if item is not None and len(item.data) == end else None

    def of_value(self, value: JSON) -> Item | None:
        """An object that was decoded from something else than JSON; None for one whose JSON would not be plain.

        None for a Table, too, whose cells depend on what its stream said first.
        """
        if not isinstance(value, dict) or value.get("kind") == "Table":
            return None
        data = text_of(value)
        if data is None or not _is_plain(data):
            return None
        found = self._find(data, 0)
        if found is not None and len(found.data) == len(data):
            return found
        digest = _digest(data)
        if (known := self._briefs.get(digest)) is not None:
            return self._keep_new(data, 0, Item(data, digest, known, cut=self._shapes))
        cut = self._shapes.cut(data)
        about = self._known(cut) if cut is not None else None
        if about is None:
            try:
                _check(data, value)
            except ContentError:
                return None
        return self._keep_new(data, 0, Item(data, digest, about or about_of(value), cut=cut))

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

    def _read(self, data: bytes, at: int, end: int) -> Item | None:
        """The object that begins at a place, and ends at another one if it, or one of its shape, was read before."""
        own = data[at:end]
        digest = _digest(own)
        if (about := self._briefs.get(digest)) is not None:
            return self._keep_new(data, at, Item(own, digest, about, cut=self._shapes))
        cut = self._shapes.cut(own)
        if cut is not None and (about := self._known(cut)) is not None:
            return self._keep_new(data, at, Item(own, digest, about, cut=cut))
        try:
            value, end = decode_json_at(data.decode("ascii"), at)
            if not isinstance(value, dict):
                return None
            if len(own) != end - at:
                own = data[at:end]
                digest, cut = _digest(own), self._shapes.cut(own)
            _check(own, value)
        except ContentError:
            return None
        return self._keep_new(data, at, Item(own, digest, about_of(value), cut=cut, value=value))

    @staticmethod
    def _known(cut: Cut) -> About | None:
        """What an object's shape tells of it; None if no other one of that shape was read."""
        shape = cut.shape
        shape.seen += 1
        if shape.seen == 2:  # most of what is seen once is seen once only
            shape.facts = _facts(shape)
        facts = shape.facts
        return facts.about(cut.values) if facts is not None else None

    def _keep_new(self, data: bytes, at: int, item: Item) -> Item:
        self._briefs.put(item.digest, item.about, _BRIEF + item.about.size)
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


def _digest(data: bytes) -> bytes:
    return blake2b(data, digest_size=_DIGEST).digest()


def _end_of_object(data: bytes, at: int, last: int) -> int:
    """Where an object of a list probably ends."""
    following = data.find(_NEXT, at)
    return following + 1 if following >= 0 else last


def _check(data: bytes, value: JSONObject) -> None:
    """ContentError if an object is nested too deeply for a part of a list."""
    if data.count(b"{") + data.count(b"[") > MAX_DEPTH - _OUTSIDE:
        check_depth(value, MAX_DEPTH - _OUTSIDE)


def _facts(shape: Shape) -> Facts | None:
    """What documents of a shape have in common; None for what is no object, or says its name in pieces."""
    codes = [b"%d.code" % place for place in range(len(shape.forms))]
    data = shape.filled(codes)
    if any(code in part for code in codes for part in shape.parts):
        return None
    try:
        value, end = decode_json_at(data.decode("ascii"), 0)
        if not isinstance(value, dict) or end != len(data):
            return None
        _check(data, value)
    except ContentError:
        return None
    about = about_of(value)
    name, shown, uid, revision = (_text(each, codes) for each in (about.name, about.shown, about.uid, about.revision))
    if name is None or shown is None or uid is None or revision is None:
        return None
    return Facts(name, about.owns, shown, uid, revision)


def _text(text: str, codes: list[bytes]) -> Text | None:
    """A text in which values stand as their codes; None where one stands elsewhere than at its end."""
    data = text.encode("utf-8", "surrogatepass")
    before, slash, own = data.rpartition(b"/")
    place = codes.index(own) if own in codes else None
    same = data if place is None else before + slash
    return None if any(code in same for code in codes) else Text(same.decode("utf-8", "surrogatepass"), place)


def _is_plain(data: bytes) -> bool:
    r"""Whether a character is a byte, and none was written as an escape that may be half of one (`\ud800`)."""
    if not data.isascii() or len(data) > MAX_CONTENT:
        return False
    # a single byte is looked for much more quickly than two
    return b"\\" not in data or not (b"\\ud" in data or b"\\uD" in data)


def stand_beside(first: list[Item], second: list[Item], rename: Callable[[str], str]) -> bool:
    """Whether the objects of two lists stand beside each other as they come (as kproxy.renaming.lists.align has it)."""
    if len(first) != len(second):
        return False
    keys, others = [each.name for each in first], [each.name for each in second]
    if keys == others:
        return True
    if not all(keys) or not all(others) or len(set(keys)) < len(keys):
        return True  # by their places
    return len(set(others)) == len(others) and [rename(key) for key in keys] == others
