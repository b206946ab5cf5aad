"""The renaming: what one server chose, and what another chose in its place. A value of its own."""

from collections.abc import Iterator, Mapping
from typing import NamedTuple, Self

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.allocations import same_allocation
from kproxy.renaming.bijection import Bijection
from kproxy.renaming.continuetoken import same_page
from kproxy.renaming.derived import hash_in, stems
from kproxy.renaming.drawn import Drawn, Merged
from kproxy.renaming.kinds import Kind, Place
from kproxy.renaming.lessons import DRAWN, Lesson, drawn_in, revision_of
from kproxy.renaming.revisions import Revisions
from kproxy.renaming.text import Names, rename_names, rename_ports, without_store_revision
from kproxy.renaming.unchanged import Field, Unchanged

_IN_TEXT = (Kind.UID, Kind.NAME, Kind.CLUSTER_IP, Kind.PSEUDONYM, Kind.ADDRESS)
_LAST_FIRST = tuple(reversed(_IN_TEXT))
_MOST_KEPT = 1 << 12
"""Texts whose images are remembered: most texts recur."""
_LONGEST_KEPT = 512
_MOST_NEWS = 1 << 12
_FEW = 64
"""Names that a text is looked through for: for more, it is renamed anew."""
NAMED = frozenset({*_IN_TEXT, Kind.HASH})
"""Kinds of which a text's image depends only where the text contains them."""
_SHOWN = frozenset({*_IN_TEXT, Kind.HASH, Kind.NODE_PORT, Kind.SERVER_PORT})
"""Kinds of what stands in texts."""
_MAPS = (
    *_IN_TEXT,
    Kind.HASH,
    Kind.NODE_PORT,
    Kind.SERVER_PORT,
    Kind.CONTINUE,
    Kind.AUDIT_ID,
    Kind.SESSION,
    Kind.AUTHORITY,
    Kind.DAY,
)


_MANY = frozenset({Kind.AUDIT_ID, Kind.UID, Kind.NAME})
"""Kinds of which there is one for each exchange, or each object."""
_HOT = 1 << 11


class _Image(NamedTuple):
    """What a text becomes.

    `plain`: with its ports renamed, which names are looked for in; `news`: how many names had been learned.
    """

    news: int
    plain: str
    image: str


class Renaming:
    """Learned only from answers, a recorded one beside a replayed one; applied to whatever comes next."""

    def __init__(self) -> None:
        self.revisions = Revisions()
        self.times = Unchanged()
        self.modified: dict[tuple[str, str], str] = {}
        """Last-Modified of a path, as the replay's server said it last: what If-Modified-Since names."""
        self.ages = 0
        self._maps = {kind: Bijection(injective=kind not in DRAWN, large=kind in _MANY, hot=_HOT) for kind in _MAPS}
        self._drawn = Drawn(_HOT)
        self.merged = Merged()
        """What the replay's server drew, one after the other, for one value of the baseline."""
        self._names: Names | None = None
        self._ports: dict[str, str] = {}
        self._listening: dict[str, str] = {}
        self._texts: dict[str, _Image] = {}
        self._news: list[str] = []
        """Names that were learned since texts began to be remembered."""

    def learn(self, kind: Kind, place: Place, baseline: JSON, replayed: JSON, weight: int = 1) -> None:
        """The server chose `baseline` there, and `replayed` here; `weight`: so often."""
        if kind is Kind.REVISION:
            scope, resource = revision_of(place)
            self.revisions.learn(scope, str(baseline), str(replayed), weight, resource=resource)
        elif kind is Kind.TIME:
            self.times.learn(place, str(baseline), str(replayed), weight)
        else:
            self._learn_other(kind, drawn_in(kind, place), str(baseline), str(replayed), weight)

    def take(self, lesson: Lesson, weight: int = 1) -> None:
        """The same, of what two values tell; not of two texts."""
        kind, baseline, replayed, whose, resource, field, beside = lesson
        if kind is Kind.REVISION:
            self.revisions.learn(whose, baseline, replayed, weight, resource=resource)
        elif kind is Kind.TIME:
            self.times.take(field, beside, baseline, replayed, weight)
        elif kind is not None:
            self._learn_other(kind, whose, baseline, replayed, weight)

    def _learn_other(self, kind: Kind, where: str, baseline: str, replayed: str, weight: int) -> None:
        if kind is Kind.AGE:
            self.ages += weight * (baseline != replayed)
        elif kind is Kind.HASH:
            self._learn_hash(baseline, replayed, weight)
        elif kind in DRAWN:
            news = self._drawn.learn(where, baseline, replayed, weight)
            self.learn_name(kind, baseline, replayed, weight)
            if news:
                self._draw_again(kind, where, baseline, replayed)
        elif kind is not Kind.ALLOCATION:
            self.learn_name(kind, baseline, replayed, weight)

    def _draw_again(self, kind: Kind, where: str, baseline: str, replayed: str) -> None:
        """Let a value's image be what was drawn for another object, if the one that it had was drawn for one, too."""
        before = self._maps[kind].image(baseline)
        if before is None or before == replayed or not self._drawn.is_again(where, baseline, before):
            return
        self._maps[kind].become(baseline, replayed)
        self.merged.add(before, replayed)
        self._names = None
        self._forget_texts()

    def _learn_hash(self, baseline: str, replayed: str, weight: int) -> None:
        first, second = hash_in(baseline), hash_in(replayed)
        if first is not None and second is not None:
            self.learn_name(Kind.HASH, first[1], second[1], weight)

    @property
    def blank(self) -> bool:
        """Whether nothing was learned yet: then each text, version and time is its own image."""
        return not (self.revisions.known_any or self.times.known_any or any(map(len, self._maps.values())))

    def learn_name(self, kind: Kind, baseline: str, replayed: str, weight: int = 1) -> bool:
        """A pair of names, wherever it stood; whether that is news that stands."""
        names = self._maps[kind]
        if self.merged.pairs and kind in DRAWN:  # one more place of what was drawn before it
            now = names.image(baseline)
            replayed = now if now is not None and self.merged.are_one(now, replayed) else replayed
        news = names.learn(baseline, replayed, weight)
        if news and baseline != replayed and kind in _SHOWN and self._names is not None:
            self._name_in_texts(kind, baseline, replayed, self._names)
        return news

    def _name_in_texts(self, kind: Kind, baseline: str, replayed: str, names: Names) -> None:
        """Texts are renamed by it from now on."""
        if kind in _IN_TEXT and self._image_of(baseline, kind) is not None:  # as one of another kind
            self._names = None
        elif kind in _IN_TEXT:
            names.add(baseline)
        else:
            self._beside_names(kind, names)[baseline] = replayed
        if self._names is None or kind not in NAMED or len(self._news) >= _MOST_NEWS:
            self._forget_texts()
        else:
            self._news.append(baseline)

    def _image_of(self, name: str, but: Kind | None = None) -> str | None:
        """What a name in a text becomes, None if that is itself: of those of several kinds (not `but`) the last's."""
        for kind in _LAST_FIRST:
            image = self._maps[kind].image(name) if kind is not but else None
            if image is not None and image != name:
                return image
        return None

    def _forget_texts(self) -> None:
        self._texts.clear()
        self._news.clear()

    def _beside_names(self, kind: Kind, names: Names) -> dict[str, str]:
        """What of a kind stands in texts in a form of its own."""
        return {Kind.HASH: names.hashes, Kind.NODE_PORT: self._ports, Kind.SERVER_PORT: self._listening}[kind]

    def settle(self) -> bool:
        """All was seen: the pairs that were seen most often stay; whether that took its image from any value."""
        changed = [self._drawn.settle(), *(each.settle() for each in self._maps.values())]
        changed += [self.revisions.settle(), self.times.settle()]
        self._names = None
        self._forget_texts()
        return any(changed)

    def agrees(self, kind: Kind, place: Place, baseline: JSON, replayed: JSON) -> bool:
        """Whether two values that the server chose stand for each other (ages: diff.ages)."""
        if kind is Kind.REVISION:
            scope = place.revision_scope()
            return not scope or self.revisions.agrees(scope, str(baseline), str(replayed))
        if kind is Kind.TIME:
            return self.times.agrees(place, str(baseline), str(replayed))
        if kind is Kind.CONTINUE:
            return same_page(str(baseline), str(replayed), self.text)
        if kind is Kind.ALLOCATION:
            return self._same_allocation(place, str(baseline), str(replayed))
        return self._same_name(kind, place, str(baseline), str(replayed))

    def _same_name(self, kind: Kind, place: Place, baseline: str, replayed: str) -> bool:
        if kind is Kind.HASH:
            return self._same_hash(baseline, replayed)
        if kind in DRAWN:
            made = kind is not Kind.NAME or self._same_stem(place, baseline, replayed)
            return made and self._same_drawn(kind, drawn_in(kind, place), baseline, replayed)
        return self._maps[kind].agrees(baseline, replayed)

    def stands(self, lesson: Lesson) -> bool:
        """Whether two values stand for each other, where nothing but what was learned decides that (diff.told)."""
        kind, baseline, replayed, whose, _, field, _ = lesson
        if kind is None:
            return True
        if kind is Kind.REVISION:
            return not whose or self.revisions.agrees(whose, baseline, replayed)
        if kind is Kind.TIME:
            return self.times.stands(field, baseline, replayed)
        if kind is Kind.HASH:
            return self._same_hash(baseline, replayed)
        if kind in DRAWN:
            return self._same_drawn(kind, whose, baseline, replayed)
        return self._maps[kind].agrees(baseline, replayed)

    def _same_drawn(self, kind: Kind, where: str, baseline: str, replayed: str) -> bool:
        """By what its own place told; where that told nothing of it (a request's), by what any did."""
        known = self._drawn.agrees(where, baseline, replayed)
        if known is not None:
            return known
        image = self._maps[kind].image(baseline)
        return image is not None and self.merged.are_one(image, replayed)

    def _same_hash(self, baseline: str, replayed: str) -> bool:
        first, second = hash_in(baseline), hash_in(replayed)
        if first is None or second is None:
            return baseline == replayed
        same = self.common(first[0]) == self.merged.text(second[0])
        return same and self._maps[Kind.HASH].agrees(first[1], second[1])

    def _same_stem(self, place: Place, baseline: str, replayed: str) -> bool:
        """Whether two drawn names were made of the same."""
        found = stems(place.baseline, place.replayed, baseline, replayed)
        return found is not None and (found[0] == found[1] or self.common(found[0]) == self.merged.text(found[1]))

    def knows(self, kind: Kind, place: Place, baseline: JSON) -> bool:
        """Whether an answer, or etcd, told what stands for a value."""
        if kind is Kind.TIME:
            return self.times.image(place, str(baseline)) is not None
        if kind is Kind.REVISION:
            return self.revisions.image(place.revision_scope(), str(baseline), place.owner.resource) is not None
        if kind is Kind.HASH:
            found = hash_in(str(baseline))
            return found is None or self._maps[kind].image(found[1]) is not None
        return kind not in self._maps or self._maps[kind].image(str(baseline)) is not None

    def _same_allocation(self, place: Place, baseline: str, replayed: str) -> bool:
        span = str(place.baseline.get("range", ""))
        return same_allocation(span, baseline, replayed, self._maps[Kind.NODE_PORT].image, self.merged.said)

    def image(self, kind: Kind, baseline: str) -> str | None:
        """What stands for a name of a kind."""
        return self._maps[kind].image(baseline)

    def origin(self, kind: Kind, replayed: str) -> str | None:
        """What a name of a kind stands for."""
        return self._maps[kind].origin(replayed)

    def text(self, value: str) -> str:
        """A text of the baseline in the replay's words."""
        known = self._texts.get(value)
        if known is not None and self._still(value, known):
            return known.image
        if not self.changes_texts:
            return value
        plain = rename_ports(value, self._ports, self._listening)
        renamed = rename_names(plain, self._names_by_now())
        if len(value) <= _LONGEST_KEPT:
            if len(self._texts) >= _MOST_KEPT:
                self._forget_texts()
            self._texts[value] = _Image(len(self._news), plain, renamed)
        return renamed

    @property
    def changes_texts(self) -> bool:
        """Whether a text may have another image than itself: some name has."""
        return bool(self._names_by_now() or self._ports or self._listening)

    def _names_by_now(self) -> Names:
        names = self._names
        if names is None:
            names = Names(self._image_of, (name for kind in _IN_TEXT for name, _ in self._maps[kind].changed()))
            names.hashes = dict(self._maps[Kind.HASH].changed())
            self._ports = dict(self._maps[Kind.NODE_PORT].changed())
            self._listening = dict(self._maps[Kind.SERVER_PORT].changed())
            self._names = names
        return names

    def _still(self, value: str, known: "_Image") -> bool:
        """Whether a text's image is what it was: it has none of the names that were learned since."""
        news = self._news
        if known.news == len(news):
            return True
        if len(news) - known.news > _FEW or any(name in known.plain for name in news[known.news :]):
            return False
        self._texts[value] = _Image(len(news), known.plain, known.image)
        return True

    def field(self, name: str, among: JSONObject) -> str:
        """What a field of the baseline's object is called in `among`, the replay's, which has none of that name."""
        image = self.text(name)
        if image in among or not self.merged.pairs:
            return image
        common = self.merged.text(image)
        return next((each for each in among if self.merged.text(each) == common), image)

    def common(self, value: str) -> str:
        """A text of the baseline as `merged.text` has the replay's: to be held against that, not to be sent."""
        return self.merged.text(self.text(value))

    def same_text(self, baseline: str, replayed: str) -> bool:
        """Whether two texts say the same, each in its server's words."""
        return without_store_revision(self.common(baseline)) == without_store_revision(self.merged.text(replayed))

    def counts(self) -> tuple[tuple[str, int], ...]:
        """How many of each kind have another image, kinds without any left out."""
        found = [(kind.value, sum(1 for _ in self._maps[kind].changed())) for kind in _MAPS]
        found += [
            (Kind.REVISION.value, len(self.revisions)),
            (Kind.TIME.value, len(self.times)),
            (Kind.AGE.value, self.ages),
        ]
        return tuple((name, count) for name, count in found if count)

    def names(self) -> Iterator[tuple[Kind, Bijection]]:
        """The one-to-one maps, by kind."""
        return iter(self._maps.items())

    @classmethod
    def of(cls, names: Mapping[Kind, Bijection], revisions: Revisions, times: Unchanged) -> Self:
        """A renaming made of its parts."""
        made = cls()
        made._maps.update(names)
        made.revisions, made.times = revisions, times
        return made

    def close(self) -> None:
        """Take all that was learned away, and the temporary files that it is in."""
        for each in self._maps.values():
            each.close()
        self._drawn.close()
        self.revisions.close()
        self.times.close()

    def inverse(self) -> Self:
        """The renaming from the replay to the baseline: what was learned, read the other way."""
        turned = self.of(
            {kind: each.inverse() for kind, each in self._maps.items()},
            self.revisions.inverse(self.text),
            self.times.inverse(self._field),
        )
        turned.modified = {(self.text(path), live): recorded for (path, recorded), live in self.modified.items()}
        turned.ages = self.ages
        for kind, names in turned.names():
            if kind in DRAWN:
                self._turn_merged(self._maps[kind], names, turned.merged)
        return turned

    def _turn_merged(self, names: Bijection, turned: Bijection, merged: Merged) -> None:
        """Let all that became one of several be one in what is inverted, and each of those become that."""
        origins: dict[str, str] = {}
        for first, second in names.items():
            said = self.merged.said(second)
            merged.add(first, origins.setdefault(said, turned.image(second) or first))
        for before, now in self.merged.pairs.items():
            if now in origins:
                turned.learn(before, origins[now])

    def compose(self, other: Self) -> Self:
        """From this baseline to the replay of `other`, whose baseline is this one's replay, as far as both know."""
        through = self.of(
            {kind: each.compose(other._maps[kind].image) for kind, each in self._maps.items()},
            self.revisions.compose(other.revisions, self.text),
            self.times.compose(other.times, self._field),
        )
        for (path, recorded), live in self.modified.items():
            if (further := other.modified.get((self.text(path), live))) is not None:
                through.modified[path, recorded] = further
        through.ages = self.ages + other.ages
        for kind in DRAWN:
            for before, now in self.merged.pairs.items():
                through.merged.add(other.image(kind, before), other.image(kind, now))
        for before, now in other.merged.pairs.items():
            through.merged.add(before, now)
        return through

    def _field(self, field: Field, beside: str) -> Field:
        """A time's field in the replay's words."""
        way = tuple(self.text(step) for step in field.way)
        revision = self.revisions.image(field.uid, field.revision) if field.revision else ""
        return Field(self.text(field.uid), way, revision or "", beside)
