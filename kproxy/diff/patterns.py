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
from kproxy.renaming.traces import AskedTheRenaming, Leaf, Tracer
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

type _Text = str | int | tuple[str | int, ...]
"""A text, the number of a value that is one, or parts of both."""


class Pattern(NamedTuple):
    """What is told, but for the values; of times in an order also by how much each is later than what happened then.

    `beside`: of each lesson the texts that are hashed into what stands beside its time, if values are among them.
    """

    lessons: tuple[tuple[Kind | None, tuple[_Text, ...], tuple[str, ...], tuple[_Text | None, _Text | None]], ...]
    revisions: tuple[tuple[_Text, _Text, _Text], ...]
    times: tuple[tuple[_Text, int, _Text, int], ...]
    texts: tuple[tuple[_Text, _Text], ...]
    plain: bool
    clients: bool

    def filled(self, values: list[str]) -> Told:
        """What is told with these values."""
        times: dict[tuple[int, int], int] = {}
        for first, grace, second, other in self.times:
            pair = (seconds(_put(first, values)) or 0) - grace, (seconds(_put(second, values)) or 0) - other
            times[pair] = times.get(pair, 0) + 1
        return Told(
            [_lesson(each, values) for each in self.lessons],
            [
                (_put(scope, values), int(_put(here, values)), int(_put(there, values)))
                for scope, here, there in self.revisions
            ],
            times,
            [(_put(here, values), _put(there, values)) for here, there in self.texts],
            self.plain,
            self.clients,
        )


def _put(text: _Text, values: list[str]) -> str:
    if isinstance(text, int):
        return values[text]
    if isinstance(text, str):
        return text
    return "".join([values[part] if isinstance(part, int) else part for part in text])


def _lesson(
    told: tuple[Kind | None, tuple[_Text, ...], tuple[str, ...], tuple[_Text | None, _Text | None]], values: list[str]
) -> Lesson:
    kind, texts, way, (here, there) = told
    baseline, replayed, whose, resource, uid, revision, own, other = [_put(text, values) for text in texts]
    if here is not None:
        own = hash_of_text(_put(here, values))
    if there is not None:
        other = hash_of_text(_put(there, values))
    return Lesson(kind, baseline, replayed, whose, resource, Field(uid, way, revision, own), other)


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
        return _Maker({code.decode("ascii"): place for place, code in codes.items()}).pattern(tracer.leaves)
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

    def pattern(self, leaves: list[Leaf]) -> Pattern:
        """Of all leaves of a walk."""
        lessons, revisions, times, texts = [], [], [], []
        plain = clients = True
        for leaf in leaves:
            if isinstance(self.text(str(leaf.baseline)), str) is not isinstance(self.text(str(leaf.replayed)), str):
                raise ValueError("a value beside one that was not cut out: nothing tells whether they are equal")
            told = Told()
            plain &= tell(told, leaf)
            clients &= told.clients
            lessons += [self._lesson(each, leaf) for each in told.lessons]
            revisions += [
                (self.text(scope), self.text(str(leaf.baseline)), self.text(str(leaf.replayed)))
                for scope, _, _ in told.revisions
            ]
            times += [self._time(pair, leaf) for pair in told.times]
            texts += [(self.text(a), self.text(b)) for a, b in told.texts]
        return Pattern(tuple(lessons), tuple(revisions), tuple(times), tuple(texts), plain, clients)

    def text(self, text: str) -> _Text:
        """A text, with the numbers of the values in it."""
        place = self._codes.get(text)
        if place is not None:
            return place
        parts: list[str | int] = []
        at = 0
        for found in self._any.finditer(text):
            parts += (text[at : found.start()], self._codes[found[0]])
            at = found.end()
        return (*parts, text[at:]) if parts else text

    def _lesson(
        self, lesson: Lesson, leaf: Leaf
    ) -> tuple[Kind | None, tuple[_Text, ...], tuple[str, ...], tuple[_Text | None, _Text | None]]:
        field = lesson.field
        if any(self._any.search(step) for step in field.way):
            raise ValueError("a value on the way")
        beside: tuple[_Text | None, _Text | None] = None, None
        if field.beside:
            beside = (
                self._beside(leaf.place.baseline, leaf.place.key),
                self._beside(leaf.place.replayed, leaf.place.key),
            )
        texts = (lesson.baseline, lesson.replayed, lesson.whose, lesson.resource, field.uid, field.revision)
        return lesson.kind, (*map(self.text, texts), field.beside, lesson.beside), field.way, beside

    def _beside(self, parent: JSONObject, key: str) -> _Text | None:
        """What is hashed of what stands beside a time (kproxy.renaming.unchanged); None if no value is in it."""
        text = self.text(text_of(rest_of(parent, key)))
        return None if isinstance(text, str) else text

    def _time(self, pair: tuple[int, int], leaf: Leaf) -> tuple[_Text, int, _Text, int]:
        first, second = str(leaf.baseline), str(leaf.replayed)
        grace, other = (seconds(first) or 0) - pair[0], (seconds(second) or 0) - pair[1]
        return self.text(first), grace, self.text(second), other
