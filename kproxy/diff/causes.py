"""Differences of one cause are one finding.

In the order of time, each difference is of an earlier one's cause, on one of these grounds, or begins a finding:

- it is of the same answer, and that answer is another one (a refusal instead of an object);
- it is the same behaviour elsewhere: the same field, header or status, with the same values (kproxy.diff.signatures);
- it is about an object that an earlier exchange wrote in another way: read, listed, watched, updated later, its key in
  etcd, and what belongs to it (its namespace's objects, what it owns, the resource that a definition defines);
- it follows from a field that is another one: managedFields' entry for it, a status after a spec, a table's cell, the
  same two values elsewhere in the same object;
- it is of the same history: the states of an object in a stream or under a key, where another state came.

One pass, and each look-up by key: tens of thousands of differences take seconds.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from kproxy.diff.chains import Link, Relation, cause_of, chain_of
from kproxy.diff.described import Described, Served
from kproxy.diff.locator import Locator, Sides
from kproxy.diff.signatures import Signature, alone_anywhere, general, has_other_columns, mirrored, signature
from kproxy.diff.sites import Site, Steps, history_of, is_unsteady, openapi_of, shows_revision
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Exchange, Seq, header
from kproxy.model.jsontypes import JSON, text
from kproxy.model.verdict import Difference, Finding

_CONFLICTS = frozenset({404, 409, 410})
"""Statuses that an object's other state brings."""

_TYPE = "content-type"
"""The header that says what the content is: another one makes other content of the same bytes."""

_WORD = 4
"""Characters of a text that is not in two places by chance."""

_OF_THE_CONTENT = frozenset({"etag", "last-modified", "expires"})
"""Headers that are made of the content."""

_NOT_MODIFIED = 304
"""What a client is answered that has the content already; where that is another one, it has not."""

_RANKS = {"request": 0, "exchange": 1, "answer": 1, "member": 2, "field": 2, "key": 3, "header": 4, "end": 5}
_DERIVED: dict[Steps, float] = {
    ("status",): 0.2,
    ("metadata",): 0.4,
    ("metadata", "managedFields"): 0.6,
    ("metadata", "resourceVersion"): 0.7,
}
"""Within one document: what follows from other fields comes after them."""


def find_causes(differences: Iterable[Difference], sides: Sides) -> tuple[Finding, ...]:
    """All of the differences as findings, the first cause first."""
    listed = list(differences)
    locator = Locator(sides, listed)
    sites = [locator.site(each) for each in listed]
    grouping = _Grouping(locator, Described(sites, locator))
    for index in sorted(range(len(sites)), key=lambda at: (*_order(sites[at]), at)):
        grouping.add(sites[index])
    return tuple(_finding(links, grouping.locator) for links in grouping.findings)


def _order(site: Site) -> tuple[float, Seq | int, float]:
    rank = float(_RANKS[site.aspect])
    if (site.aspect, site.difference.path) == ("header", _TYPE):
        rank = 1.5
    elif site.difference.where == "etcd":
        rank = 2.8 if is_unsteady(site) else 3
    elif is_unsteady(site):
        rank = 1.5
    elif site.aspect == "field" and site.steps:
        rank += max(_DERIVED.get(site.steps[:length], 0.0) for length in (1, 2))
        rank = max(rank, 2.9) if shows_revision(site) else rank
    return site.when, site.difference.seq or 0, rank


def _finding(links: list[Link], locator: Locator) -> Finding:
    cause = cause_of(links[0].site, _message(links[0].site, locator))
    differences = tuple(each.site.difference for each in links)
    return Finding(cause=cause, differences=differences, chain=tuple(chain_of(links, cause)))


def _message(site: Site, locator: Locator) -> str:
    """What the refusal says with which a finding begins, "" where it begins otherwise."""
    if site.aspect != "answer" or site.exchange is None or site.difference.path != "status":
        return ""
    documents = locator.answers(site.exchange)
    refusals = (each for each in reversed(documents) if isinstance(each, dict) and each.get("kind") == "Status")
    return next((text(each.get("message")) for each in refusals if each.get("status") != "Success"), "")


@dataclass(slots=True)
class _Life:
    """What is known to be another one of an object: whether its writes were, and which fields."""

    existence: int | None = None  # a finding's number
    written: int | None = None  # the first finding of which a write showed a field
    fields: dict[Steps, int] = field(default_factory=dict)  # fields that differ
    around: dict[Steps, int] = field(default_factory=dict)  # what encloses them


@dataclass(slots=True)
class _Grouping:
    """Findings as they grow: lists of links, by number."""

    locator: Locator
    described: Described
    findings: list[list[Link]] = field(default_factory=list)
    _answers: dict[Seq, int] = field(default_factory=dict)  # exchanges whose answer is another one
    _requests: dict[Seq, int] = field(default_factory=dict)  # exchanges whose request is another one
    _signatures: dict[Signature, int] = field(default_factory=dict)
    _behaviours: dict[tuple[str, Steps], int] = field(default_factory=dict)
    _lives: dict[ObjectRef, _Life] = field(default_factory=dict)
    _folders: dict[tuple[str, str, str], int] = field(default_factory=dict)  # collections that were deleted otherwise
    _uids: dict[str, int] = field(default_factory=dict)
    _statuses: dict[Seq, int] = field(default_factory=dict)
    _values: dict[tuple[object, ...], int] = field(default_factory=dict)  # pairs of values by exchange and object
    _contents: dict[Seq, int] = field(default_factory=dict)
    _types: dict[Seq, int] = field(default_factory=dict)  # exchanges whose content is of another type
    _codings: dict[Seq, int] = field(default_factory=dict)  # exchanges whose content is compressed in another way
    _columns: dict[Seq, int] = field(default_factory=dict)  # Tables of other columns
    _marks: dict[str, int] = field(default_factory=dict)  # recorded ETags of what has another content
    _ends: dict[Seq, int] = field(default_factory=dict)  # streams that ended in another way
    _served: dict[Served, int] = field(default_factory=dict)  # groups and resources that one side has alone
    _histories: dict[tuple[object, ...], int] = field(
        default_factory=dict
    )  # states that came otherwise, see history_of
    _places: dict[tuple[Seq | None, str, str], int] = field(default_factory=dict)  # where one stands for another

    def add(self, site: Site) -> None:
        """Put a difference into its finding."""
        number, relation = self._joined(site)
        if number is None:
            number = len(self.findings)
            self.findings.append([])
        self.findings[number].append(Link(site, relation))
        if relation in {Relation.FIRST, Relation.SAME}:
            self._signatures.setdefault(self._signature(site), number)
            if everywhere := alone_anywhere(site):
                self._signatures.setdefault(everywhere, number)
        for each in self._serving(site):
            self._served.setdefault(each, number)
        self._remember(site, number)

    def _signature(self, site: Site) -> Signature:
        return self.described.change(site) or signature(site)

    def _serving(self, site: Site) -> Iterator[Served]:
        """What a site needs to be served on one side alone, and what it says to be."""
        yield from self.described.served_at(site)
        if (served := self.described.served_in(site)) is not None:
            yield served

    def _joined(self, site: Site) -> tuple[int | None, Relation]:
        """The finding that a difference belongs to, and how; None: it begins one."""
        for relation, found in self._grounds(site):
            if found is not None:
                return found, relation
        return None, Relation.FIRST

    def _grounds(self, site: Site) -> Iterator[tuple[Relation, int | None]]:
        seq = site.difference.seq
        if site.aspect == "header":
            yield Relation.SAME, self._signatures.get(self._signature(site))
        if seq is not None:
            yield (Relation.STORED if site.aspect == "key" else Relation.PART), self._of_the_answer(site, seq)
        if site.aspect not in {"request", "header", "end"} or _sends_revision(site):
            yield Relation.LATER, self._of_the_object(site)
        yield Relation.PART, self._of_its_place(site)
        yield self._same(site), self._signatures.get(self._signature(site))
        for each in self._serving(site):
            yield Relation.LATER, self._served.get(each)
        if everywhere := alone_anywhere(site):
            yield self._same(site), self._signatures.get(everywhere)
        if site.aspect == "field":
            yield Relation.PART, self._of_the_field(site)
            yield Relation.PART, self._values.get(pair) if (pair := _pair(site)) is not None else None
        if seq is not None and site.aspect not in {"request", "header"}:
            yield Relation.PART, self._requests.get(seq)
        if site.aspect not in {"request", "header", "end"}:
            yield Relation.LATER, self._of_its_owner(site)

    def _of_its_place(self, site: Site) -> int | None:
        """By what differs at the same place: another state of the object, another one instead of it, another type."""
        difference = site.difference
        for history in (history_of(site), openapi_of(site), ("object", site.subject) if shows_revision(site) else None):
            if history is not None and history in self._histories:
                return self._histories[history]
        if site.aspect in {"member", "key"}:
            if (found := self._places.get((difference.seq, difference.where, difference.path))) is not None:
                return found
            if difference.seq is None or not self.locator.is_behind_all(difference):
                return None
            return self._ends.get(difference.seq)  # what would have come later
        return None if difference.seq is None else self._of_its_exchange(site, difference.seq)

    def _of_its_exchange(self, site: Site, seq: Seq) -> int | None:
        """By another part of the answer: the status of its reason, the content of its mark, the type of its content."""
        difference = site.difference
        if site.aspect == "answer" and difference.path == "reason":
            return self._statuses.get(seq)
        if site.aspect == "answer" and site.exchange is not None and difference.baseline == _NOT_MODIFIED:
            return self._marks.get(header(site.exchange.request.headers, "if-none-match"))
        if site.aspect == "header" and difference.path in _OF_THE_CONTENT:
            return self._contents.get(seq)
        if site.aspect == "header" and difference.path == "vary":
            return self._codings.get(seq)
        if site.aspect == "field" and site.steps[:1] == ("cells",):
            return self._columns.get(seq)
        return self._types.get(seq) if difference.where == "body" and difference.path == "$" else None

    def _same(self, site: Site) -> Relation:
        return Relation.STORED if site.difference.where == "etcd" else Relation.SAME

    def _of_the_answer(self, site: Site, seq: Seq) -> int | None:
        return None if site.aspect == "request" else self._answers.get(seq)

    def _of_the_object(self, site: Site) -> int | None:
        """By what an earlier write did, or failed to do, to the object or to what it lives in."""
        subject = site.subject
        if subject is None:
            return None
        found = [self._existence(each) for each in (subject, *_enclosing(subject))]
        found.append(self._folders.get((subject.group, subject.resource, subject.namespace)))
        known = [each for each in found if each is not None]
        if known:
            return known[0]
        life = self._lives.get(subject)
        if life is None or life.written is None:
            return None
        if site.aspect in {"member", "key", "request"}:
            return life.written
        return life.written if site.aspect == "answer" and _follows(site, life) else None

    def _existence(self, ref: ObjectRef) -> int | None:
        life = self._lives.get(ref)
        return None if life is None else life.existence

    def _of_the_field(self, site: Site) -> int | None:
        """By a field that is another one: of this object, or of what managedFields speaks of."""
        steps = general(site)
        if plain := mirrored(steps):
            for length in range(len(plain), 0, -1):
                if (found := self._behaviours.get((site.thing, plain[:length]))) is not None:
                    return found
        life = self._lives.get(site.subject) if site.subject is not None else None
        if life is None:
            return None
        for length in range(len(steps), 0, -1):
            if (found := life.fields.get(steps[:length])) is not None:
                return found
        if (found := life.around.get(steps)) is not None:
            return found
        return life.written if _derived(site, steps) else None

    def _of_its_owner(self, site: Site) -> int | None:
        """By the owners that the object names, and by the request whose object a controller reconciled."""
        if not self._uids and not self._answers:
            return None
        consequence = site.entry.consequence if site.entry is not None else None
        if consequence is not None:
            found = self._answers.get(consequence.seq)
            if found is not None:
                return found
        if site.exchange is None or site.aspect not in {"answer", "field", "key"}:
            return None
        owners = metadata_of(self.locator.documents.answer(site.exchange)).get("ownerReferences")
        uids = [text(each.get("uid")) for each in owners if isinstance(each, dict)] if isinstance(owners, list) else []
        return next((self._uids[each] for each in uids if each in self._uids), None)

    def _remember(self, site: Site, number: int) -> None:
        """What later differences may follow from."""
        seq, exchange = site.difference.seq, site.exchange
        self._remember_place(site, number)
        if seq is not None:
            self._remember_part(site, seq, number)
        if site.aspect == "answer" and exchange is not None and _is_another(site):
            if site.is_write and _has_effect(site):
                self._remember_write(exchange, number)
        elif site.subject is not None and (site.aspect == "key" or _is_end(site)):
            self._life(site.subject).existence = number
        elif site.aspect in {"field", "request"} and site.thing != "Status":
            self._remember_field(site, number)

    def _remember_place(self, site: Site, number: int) -> None:
        """Where other states stand than the recorded ones."""
        difference = site.difference
        if (openapi := openapi_of(site)) is not None and site.aspect in {"answer", "field"}:
            self._histories.setdefault(openapi, number)
        if is_unsteady(site) and (history := history_of(site)) is not None:
            self._histories.setdefault(history, number)
            if difference.where == "etcd" and site.subject is not None:
                self._histories.setdefault(("object", site.subject), number)
        if site.aspect in {"member", "key"}:
            self._places.setdefault((difference.seq, difference.where, difference.path), number)

    def _remember_part(self, site: Site, seq: Seq, number: int) -> None:
        """What of an exchange makes other parts of it other ones."""
        if site.aspect == "request":
            if site.difference.path.startswith("header") or openapi_of(site) is not None:
                return
            self._requests.setdefault(seq, number)
        elif site.aspect == "answer":
            if _is_another(site):
                self._answers.setdefault(seq, number)
            if site.difference.path == "status":
                self._statuses.setdefault(seq, number)
        elif site.aspect == "end":
            self._ends.setdefault(seq, number)
        elif site.aspect == "header":
            self._remember_header(site, seq, number)
        elif has_other_columns(site):
            self._columns.setdefault(seq, number)
        elif site.difference.where == "body":
            self._contents.setdefault(seq, number)

    def _remember_header(self, site: Site, seq: Seq, number: int) -> None:
        self._headers(site.difference.path).setdefault(seq, number)
        if site.difference.path == "etag" and (mark := text(site.difference.baseline)):
            self._marks.setdefault(mark, number)

    def _headers(self, name: str) -> dict[Seq, int]:
        """The exchanges in which a header is another one that others follow from; none for any other header."""
        return {_TYPE: self._types, "content-encoding": self._codings}.get(name, {})

    def _remember_write(self, exchange: Exchange, number: int) -> None:
        for ref in self.locator.written(exchange):
            self._life(ref).existence = number
        info = exchange.info
        if info.verb == "deletecollection":
            self._folders[info.group, info.resource, info.namespace] = number
        for document in self.locator.answers(exchange):
            uid = text(metadata_of(document).get("uid"))
            if uid:
                self._uids.setdefault(uid, number)

    def _remember_field(self, site: Site, number: int) -> None:
        if (pair := _pair(site)) is not None:
            self._values.setdefault(pair, number)
        steps = general(site)
        self._behaviours.setdefault((site.thing, steps), number)
        if site.subject is None or not steps:
            return
        life = self._life(site.subject)
        if site.is_write and life.written is None:
            life.written = number
        life.fields.setdefault(steps, number)
        for length in range(1, len(steps)):
            life.around.setdefault(steps[:length], number)

    def _life(self, ref: ObjectRef) -> _Life:
        return self._lives.setdefault(ref, _Life())


def _pair(site: Site) -> tuple[object, ...] | None:
    """One object's two values in one exchange: they may stand elsewhere in it again, as an address in a list."""
    first, second = site.difference.baseline, site.difference.replayed
    if not isinstance(first, str) or not isinstance(second, str) or min(len(first), len(second)) < _WORD:
        return None
    return site.difference.seq, site.subject, first, second


def _is_another(site: Site) -> bool:
    """Whether an answer is another one as a whole: none, no success, another refusal."""
    difference = site.difference
    if difference.where == "missing":
        return True
    first, second = difference.baseline, difference.replayed
    if difference.path != "status" or not isinstance(first, int) or not isinstance(second, int):
        return False
    return first // 100 != second // 100 or first >= 400


def _sends_revision(site: Site) -> bool:
    """Whether a request names another version of its object than was recorded: that one was not made, or more were."""
    return site.aspect == "request" and site.steps[-1:] == ("resourceVersion",)


def _has_effect(site: Site) -> bool:
    """Whether one side carried the write out and the other did not."""
    first, second = site.difference.baseline, site.difference.replayed
    return site.difference.where == "missing" or (_refused(first) != _refused(second))


def _refused(status: JSON) -> bool:
    return isinstance(status, int) and status >= 400


def _is_end(site: Site) -> bool:
    """Whether it is about when an object was gone, as a watch shows it."""
    return site.aspect == "member" and site.difference.where == "stream" and site.event == "DELETED"


def _follows(site: Site, life: _Life) -> bool:
    """Whether a refusal can come of a field that is another one: not found, a conflict, or it names the field."""
    statuses = {site.difference.baseline, site.difference.replayed} if site.difference.path == "status" else set()
    if statuses & _CONFLICTS:
        return True
    return bool(statuses & {422}) and bool(life.fields)


def _derived(site: Site, steps: Steps) -> bool:
    return steps[:1] == ("status",) or steps[:2] == ("metadata", "generation") or site.thing.endswith(" as a table")


def _enclosing(ref: ObjectRef) -> Iterator[ObjectRef]:
    """What an object cannot be without: its namespace, the definition of its resource."""
    if ref.namespace:
        yield ObjectRef(group="", resource="namespaces", namespace="", name=ref.namespace)
    if "." in ref.group:
        name = f"{ref.resource}.{ref.group}"
        yield ObjectRef(group="apiextensions.k8s.io", resource="customresourcedefinitions", namespace="", name=name)
