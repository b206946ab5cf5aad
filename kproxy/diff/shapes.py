"""Documents of one shape: what two of them tell is known by what two others told.

Most documents of an api-server differ in nothing but what it chose for each: uids, times, revisions, names. Their bytes
without these are their shape. A walk of two documents sees their shapes, and of the values that were cut out only what
form they have, which of them are equal, and which time is the later one. So it is walked once with values that stand
for any, and what comes of it is filled with those of each pair (kproxy.diff.patterns).
"""

import re
from functools import lru_cache
from itertools import count
from typing import NamedTuple

from kproxy.diff.recent import Generations
from kproxy.renaming.derived import HASH_FIELDS, looks_drawn
from kproxy.renaming.kinds import UUID
from kproxy.renaming.pseudonyms import has_pseudonym
from kproxy.renaming.times import seconds

_CHOSEN = re.compile(
    rb'":"('
    rb"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z"
    rb"|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{6}Z"
    rb'|(?<="resourceVersion":")[1-9][0-9]{0,17}'
    rb'|(?<="metadata":\{"name":")[a-z0-9][a-z0-9.-]{0,252}'
    rb')"'
)
"""Whole texts that stand as values in an object: uids, times, finer times, revisions, names."""
_BEFORE, _BEHIND = b'":"', b'"'
"""What it finds around each of them."""

UID, TIME, FINE_TIME, REVISION, NAME, NUMBERED, DRAWN = b"u", b"t", b"m", b"r", b"n", b"c", b"d"
_BY_LENGTH = {36: UID, 20: TIME, 27: FINE_TIME}
"""But of names; a revision has none of these lengths."""
_OF_A_NAME = b'"metadata":{"name'
TIMES = frozenset({TIME, FINE_TIME})

_NO_NAME = re.compile(rb"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}|.*[A-Z].*")
"""A uid, or a time, where a name would stand."""
_DRAWN_NAME = re.compile(rb"(.*-)([bcdfghjklmnpqrstvwxz2456789]{5,10})")
_NUMBERED_NAME = re.compile(rb".*-[0-9]{8,10}")
"""As a CronJob's Jobs are called."""
_CRON_JOB = b'"CronJob"'
_GENERATED = b'"generateName"'
_PREFIX = re.compile(rb'"generateName":"([^"\\]*)"')
_MANAGED = b'"time":"'
_SAY_MORE = frozenset({b"kubernetes", b"extension-apiserver-authentication"})
"""Names that say by themselves what an object is."""

_HASHES = tuple(sorted(field.encode() for field in HASH_FIELDS))
"""Fields that tell which part of a name a template's hash is."""

_MOST_VALUES = 48
"""In one document: one with more is hardly of another's shape."""
_MOST = 1 << 20
"""Bytes of shapes that are remembered, about."""
_EXTRA = 600


class About(NamedTuple):
    """What is asked of an object for itself. `name`: its namespace and name; `owns`: whether it has a uid.

    `shown`, `uid`, `revision`: namespace and name, uid and resourceVersion of what an event of it shows: of a Table its
    first row's object; "" where there is none.
    """

    name: str
    owns: bool
    shown: str
    uid: str
    revision: str

    @property
    def size(self) -> int:
        """Of its texts, in bytes, about."""
        return len(self.name) + len(self.shown) + len(self.uid) + len(self.revision)


class Text(NamedTuple):
    """A text that all objects of a shape have, or what stands before the value that it ends with."""

    text: str
    place: int | None

    def of(self, values: tuple[bytes, ...]) -> str:
        """One object's."""
        return self.text if self.place is None else self.text + values[self.place].decode("ascii")


class Facts(NamedTuple):
    """What all objects of a shape have of `About`."""

    name: Text
    owns: bool
    shown: Text
    uid: Text
    revision: Text

    def about(self, values: tuple[bytes, ...]) -> About:
        """Of one of them."""
        return About(
            self.name.of(values), self.owns, self.shown.of(values), self.uid.of(values), self.revision.of(values)
        )


class Shape:
    """`parts`: what stands around the values; `forms`: theirs, of a drawn name with what stands before what was drawn.

    `times`: the places of those that are times. `number`: its own. `facts`: what all have in common, as
    kproxy.diff.items found out. `seen`: how often it was.
    """

    __slots__ = ("facts", "forms", "number", "parts", "seen", "times")

    def __init__(self, number: int, parts: tuple[bytes, ...], forms: tuple[bytes, ...]) -> None:
        self.number = number
        self.parts = parts
        self.forms = forms
        self.times = tuple(place for place, form in enumerate(forms) if form in TIMES)
        self.seen = 0
        self.facts: Facts | None = None

    def filled(self, values: "list[bytes]") -> bytes:
        """A document of this shape."""
        pieces = [self.parts[0]]
        for value, part in zip(values, self.parts[1:], strict=True):
            pieces += (value, part)
        return b"".join(pieces)


class Cut(NamedTuple):
    """A document: its shape, and the values in it."""

    shape: Shape
    values: tuple[bytes, ...]


class Shapes:
    """The shapes of one recording's documents, those seen last."""

    def __init__(self) -> None:
        self._known: Generations[bytes, Shape | None] = Generations(_MOST)
        self._numbers = count()

    def cut(self, data: bytes) -> Cut | None:
        """A document of plain ASCII cut into shape and values; None for one whose values say more than their form."""
        if b"\0" in data or _is_hashed(data):  # no JSON has a zero; it would make two shapes look like one below
            return None
        pieces = _CHOSEN.split(data)
        values = pieces[1::2]
        for place, value in enumerate(values):
            form = _form_of_name(value) if pieces[2 * place].endswith(_OF_A_NAME) else _form(value)
            if form is None:
                return None
            pieces[2 * place + 1] = form
        key = b"\0".join(pieces)
        shape = self._known.get(key)
        if shape is None:
            if key in self._known:
                return None
            shape = self._made(pieces[::2], pieces[1::2])
            self._known.put(key, shape, 2 * len(key) + _EXTRA)
            if shape is None:
                return None
        for place in shape.times:
            if not _is_time(values[place]):
                return None  # no such day
        return Cut(shape, tuple(values))

    def _made(self, between: list[bytes], forms: list[bytes]) -> Shape | None:
        """The shape of what stands between values of these forms; None where they say more than that."""
        parts = tuple(_BEHIND + part + _BEFORE for part in between)
        parts = (parts[0].removeprefix(_BEHIND), *parts[1:])
        parts = (*parts[:-1], parts[-1].removesuffix(_BEFORE))
        if len(forms) > _MOST_VALUES or not _is_told_by_form(parts, forms):
            return None
        return Shape(next(self._numbers), parts, tuple(forms))


@lru_cache(maxsize=1024)
def _is_time(value: bytes) -> bool:
    return seconds(value.decode("ascii")) is not None


def _form(value: bytes) -> bytes:
    """The form of what is no object's name."""
    return _BY_LENGTH.get(len(value), REVISION)


@lru_cache(maxsize=1024)
def _form_of_name(name: bytes) -> bytes | None:
    """The form of an object's name; None for one of which a part was drawn in another form than generateName's."""
    if _NO_NAME.fullmatch(name):
        return _form(name)
    text = name.decode("ascii")
    if name in _SAY_MORE or UUID.search(text) or has_pseudonym(text):
        return None
    if _NUMBERED_NAME.fullmatch(name):
        return NUMBERED
    if drawn := _DRAWN_NAME.fullmatch(name):
        return DRAWN + b"%d " % len(drawn[2]) + drawn[1]
    return None if looks_drawn(text) else NAME


def _is_hashed(data: bytes) -> bool:
    """Whether a template's hash is in a drawn name, probably: `_is_told_by_form` would say no, and many pods are so.

    Each of them would be a shape of its own.
    """
    return _GENERATED in data and any(field in data for field in _HASHES)


def _is_told_by_form(parts: tuple[bytes, ...], forms: list[bytes]) -> bool:
    """Whether nothing that stands around the values makes more of them: what a name was made of, a manager's time."""
    if any(-1 < part.find(_MANAGED) < len(part) - len(_MANAGED) for part in parts):
        return False
    names = [form.partition(b" ")[2] for form in forms if form[:1] == DRAWN]
    around = b"\0".join(parts)
    telling = (*_HASHES, _CRON_JOB) if names or NUMBERED in forms else ()
    if any(field in around for field in telling):
        return False
    generated = around.count(_GENERATED)
    if not generated:
        return True
    prefixes = _PREFIX.findall(around)
    shortest = min(map(len, names), default=0)
    named = NAME in forms or NUMBERED in forms
    return not named and len(prefixes) == generated and all(len(each) <= shortest for each in prefixes)
