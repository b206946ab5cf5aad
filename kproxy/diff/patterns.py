"""What pairs of documents of the same shapes tell: walked once with values that stand for any, then filled."""

import re
from typing import NamedTuple

from kproxy.diff.recent import Generations
from kproxy.diff.shapes import DRAWN, NAME, NUMBERED, REVISION, TIME, TIMES, UID, Cut, Shape
from kproxy.diff.told import Told, tell
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind, Owner
from kproxy.renaming.lessons import Lesson
from kproxy.renaming.times import seconds
from kproxy.renaming.traces import AskedTheRenaming, Leaf, Trace, Tracer
from kproxy.renaming.unchanged import Field, hash_of_text, rest_of, text_of
from kproxy.renaming.walk import Walker
from kproxy.wire.contenterror import ContentError
from kproxy.wire.jsontext import decode_json

_STRING = re.compile(rb'"(?:[^"\\]|\\.)*"')
_SPACE = re.compile(rb"\s")
_LETTERS = b"bcdfghjklmnpqrst"
_MOST = 1 << 20
"""Bytes of patterns that are remembered, about."""
_SIZE = 4000
"""Bytes of one, about."""

type _Slot = int
"""Where a text stands among those that a pattern is filled with."""


class _Lesson(NamedTuple):
    """A lesson (kproxy.renaming.lessons), each of its texts by its slot."""

    kind: Kind | None
    baseline: _Slot
    replayed: _Slot
    whose: _Slot
    resource: _Slot
    uid: _Slot
    way: tuple[str, ...]
    revision: _Slot
    own: _Slot
    beside: _Slot

    def filled(self, texts: list[str]) -> Lesson:
        """With these texts."""
        kind, baseline, replayed, whose, resource, uid, way, revision, own, beside = self
        field = Field(texts[uid], way, texts[revision], texts[own])
        return Lesson(kind, texts[baseline], texts[replayed], texts[whose], texts[resource], field, texts[beside])


class _Made(NamedTuple):
    """A text made of others, and of the values by their numbers; `hashed`: of which the hash is wanted."""

    parts: tuple[str | int, ...]
    hashed: bool

    def filled(self, values: list[str]) -> str:
        """With these values."""
        text = "".join([values[part] if isinstance(part, int) else part for part in self.parts])
        return hash_of_text(text) if self.hashed else text


class Pattern(NamedTuple):
    """What is told, but for the values; of times in an order also by how much each is later than what happened then.

    `made`, `fixed`: the texts that stand behind the values: what is made of them, and what is the same with any. These
    are in the reverse order, as their slots are counted from the end.
    """

    made: tuple[_Made, ...]
    fixed: tuple[str, ...]
    lessons: tuple[_Lesson, ...]
    revisions: tuple[tuple[_Slot, _Slot, _Slot], ...]
    times: tuple[tuple[_Slot, int, _Slot, int], ...]
    texts: tuple[tuple[_Slot, _Slot], ...]
    plain: bool
    clients: bool

    def filled(self, values: list[str]) -> Told:
        """What is told with these values."""
        texts = [*values, *[each.filled(values) for each in self.made], *self.fixed]
        times: dict[tuple[int, int], int] = {}
        for first, grace, second, other in self.times:
            pair = (seconds(texts[first]) or 0) - grace, (seconds(texts[second]) or 0) - other
            times[pair] = times.get(pair, 0) + 1
        return Told(
            [each.filled(texts) for each in self.lessons],
            [(texts[scope], int(texts[here]), int(texts[there])) for scope, here, there in self.revisions],
            times,
            [(texts[here], texts[there]) for here, there in self.texts],
            self.plain,
            self.clients,
        )


class Patterns:
    """The patterns of the pairs that were seen last."""

    def __init__(self) -> None:
        self._known: Generations[object, Pattern | bool] = Generations(_MOST)

    def told(self, first: Cut, second: Cut, owner: Owner) -> Told | None:
        """What two documents tell; None if that is not known of their shapes, or cannot be."""
        places: dict[bytes, int] = {}
        order = tuple([places.setdefault(value, len(places)) for value in (*first.values, *second.values)])
        times = {cut.values[place] for cut in (first, second) for place in cut.shape.times}
        ranks = tuple([places[time] for time in sorted(times)])
        key = first.shape.number, second.shape.number, order, ranks, owner.listing, owner.resource
        known = self._known.get(key)
        if known is None:  # a first one is walked: most of what is seen once is seen once only
            self._known.put(key, True, _SIZE // 8)
            return None
        if known is True:
            known = _pattern(first.shape, second.shape, order, ranks, owner) or False
            self._known.put(key, known, _SIZE)
        if isinstance(known, bool):
            return None
        return known.filled([value.decode("ascii") for value in places])


def _pattern(
    first: Shape, second: Shape, order: tuple[int, ...], ranks: tuple[int, ...], owner: Owner
) -> Pattern | None:
    """The pattern of two shapes whose values are equal, and follow each other, as these do; None if there is none."""
    forms: dict[int, bytes] = {}
    for place, form in zip(order, (*first.forms, *second.forms), strict=True):
        if forms.setdefault(place, form) != form:
            return None
    codes = {place: _code(place, form, ranks) for place, form in forms.items()}
    around = b"\0".join((*first.parts, *second.parts))
    if any(code in around for code in codes.values()):
        return None
    filled = [codes[place] for place in order]
    try:
        here, there = first.filled(filled[: len(first.forms)]), second.filled(filled[len(first.forms) :])
        if any(_SPACE.search(_STRING.sub(b"", each.strip())) for each in (here, there)):
            return None  # there not all values may have been cut out
        tracer = Tracer()
        Walker(tracer, tracer.text).walk(decode_json(here), decode_json(there), owner)
        return _Maker({code.decode("ascii"): place for place, code in codes.items()}).pattern(tracer.trace)
    except (AskedTheRenaming, ContentError, RecursionError, ValueError):
        return None


def _code(place: int, form: bytes, ranks: tuple[int, ...]) -> bytes:
    """A value of a form that stands for any of it: of times in their order."""
    if form in TIMES:
        text = b"1971-01-01T%02d:%02d:00" % divmod(ranks.index(place), 60)
        return text + (b"Z" if form == TIME else b".000000Z")
    if form == UID:
        return b"0f0f%04x-0f0f-4f0f-8f0f-0f0f0f0f0f0f" % place
    if form == REVISION:
        return b"424242424242424%03d" % place
    if form == NAME:
        return b"nn%03dnn.kproxy.shape" % place
    if form == NUMBERED:
        return b"nn%03dnn.kproxy.shape-13579135" % place
    length, _, stem = form[len(DRAWN) :].partition(b" ")
    drawn = bytes((_LETTERS[place >> 4 & 15], _LETTERS[place & 15]))
    return stem + drawn.rjust(int(length), b"z")


class _Maker:
    """Makes a pattern of what was told with values that stand for others. ValueError for what has none."""

    def __init__(self, codes: dict[str, int]) -> None:
        self._codes = codes
        self._any = re.compile("|".join(sorted(map(re.escape, codes), key=len, reverse=True)) or "(?!)")
        self._made: dict[_Made, _Slot] = {}
        self._fixed: dict[str, _Slot] = {}

    def pattern(self, trace: Trace) -> Pattern:
        """Of all that a walk came to."""
        lessons, revisions, times, texts = [], [], [], []
        plain = clients = True
        for name, image in trace.fields:
            self._check_both(name, image)
            texts.append((self._slot(name), self._slot(image)))
        for leaf in trace.leaves:
            self._check_both(str(leaf.baseline), str(leaf.replayed))
            told = Told()
            plain &= tell(told, leaf)
            clients &= told.clients
            lessons += [self._lesson(each, leaf) for each in told.lessons]
            revisions += [
                (self._slot(scope), self._slot(str(leaf.baseline)), self._slot(str(leaf.replayed)))
                for scope, _, _ in told.revisions
            ]
            times += [self._time(pair, leaf) for pair in told.times]
            for name, image in told.texts:
                self._check_both(name, image)
                texts.append((self._slot(name), self._slot(image)))
        fixed = tuple(reversed(self._fixed))
        return Pattern(
            tuple(self._made), fixed, tuple(lessons), tuple(revisions), tuple(times), tuple(texts), plain, clients
        )

    def _check_both(self, baseline: str, replayed: str) -> None:
        if self._has_value(baseline) is not self._has_value(replayed):
            raise ValueError("a value beside one that was not cut out: nothing tells whether they are equal")

    def _has_value(self, text: str) -> bool:
        return self._any.search(text) is not None

    def _slot(self, text: str, *, hashed: bool = False) -> _Slot:
        """Where a text stands when its values are others."""
        if not hashed:
            if (place := self._codes.get(text)) is not None:
                return place
            if not self._has_value(text):
                return self._fixed.setdefault(text, -1 - len(self._fixed))
        parts: list[str | int] = []
        at = 0
        for found in self._any.finditer(text):
            parts += (text[at : found.start()], self._codes[found[0]])
            at = found.end()
        made = _Made((*parts, text[at:]), hashed)
        return self._made.setdefault(made, len(self._codes) + len(self._made))

    def _lesson(self, lesson: Lesson, leaf: Leaf) -> _Lesson:
        field = lesson.field
        if any(map(self._has_value, field.way)):
            raise ValueError("a value on the way")
        own, beside = self._slot(field.beside), self._slot(lesson.beside)
        if field.beside:
            own = self._beside(leaf.place.baseline, leaf.place.key, own)
            beside = self._beside(leaf.place.replayed, leaf.place.key, beside)
        return _Lesson(
            kind=lesson.kind,
            baseline=self._slot(lesson.baseline),
            replayed=self._slot(lesson.replayed),
            whose=self._slot(lesson.whose),
            resource=self._slot(lesson.resource),
            uid=self._slot(field.uid),
            way=field.way,
            revision=self._slot(field.revision),
            own=own,
            beside=beside,
        )

    def _beside(self, parent: JSONObject, key: str, fixed: _Slot) -> _Slot:
        """What is hashed of what stands beside a time (kproxy.renaming.unchanged); `fixed` if no value is in it."""
        text = text_of(rest_of(parent, key))
        return self._slot(text, hashed=True) if self._has_value(text) else fixed

    def _time(self, pair: tuple[int, int], leaf: Leaf) -> tuple[_Slot, int, _Slot, int]:
        first, second = str(leaf.baseline), str(leaf.replayed)
        grace, other = (seconds(first) or 0) - pair[0], (seconds(second) or 0) - pair[1]
        return self._slot(first), grace, self._slot(second), other
