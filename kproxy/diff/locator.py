"""Finds the places of differences: of which exchange, about which object, in which field, and since when.

Only what differs is looked up, each body once: this is for thousands of differences, not for a session.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from kproxy.diff.athand import Documents
from kproxy.diff.sites import Aspect, Site, Steps, element_name, label_of, steps_of
from kproxy.diff.trees import MAX_SHOWN, shortened
from kproxy.model.api import WRITE_VERBS, ObjectRef, RequestInfo, metadata_of
from kproxy.model.attribution import Ledger, LedgerEntry, Standing
from kproxy.model.etcd import EtcdKey, key_text
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.jsontypes import JSON, JSONObject, mapping, text
from kproxy.model.recording import Recording
from kproxy.model.verdict import Difference, split_key
from kproxy.wire.content import ContentError
from kproxy.wire.storage import PREFIX, decode_value, key_object, object_keys, object_of

NEVER = float("inf")

_OBJECT_ITSELF = frozenset({"", "status", "finalize", "ephemeralcontainers", "resize", "approval"})
"""Subresources that are answered with the object they are of."""

_DISCOVERY = ("/api", "/apis")

_ALONE = frozenset({"added", "removed"})


@dataclass(frozen=True, slots=True)
class Sides:
    """Two recordings, the first one's ledger, and which exchange of the second stands beside which.

    `matched`: of watches whose events did not all come the index of the last one that did.
    """

    baseline: Recording
    replayed: Recording
    ledger: Ledger
    counterparts: Mapping[Seq, Seq]
    matched: Mapping[Seq, int] = field(default_factory=dict)


class Locator:
    """Finds the sites of differences."""

    def __init__(self, sides: Sides, differences: Iterable[Difference]) -> None:
        self.documents = Documents(sides.baseline)
        self.others = Documents(sides.replayed)
        self._sides = sides
        self._prefix = sides.baseline.session.etcd_prefix or PREFIX
        self._histories = _histories(sides.ledger, differences)
        self._last: Exchange | None = None

    def site(self, difference: Difference) -> Site:
        """A difference at its place."""
        if difference.where == "extra":
            return self._extra(difference)
        exchange = self._exchange(difference.seq) if difference.seq is not None else None
        if difference.where == "etcd":
            return self._etcd(difference, exchange)
        if exchange is None:
            return Site(difference=difference, aspect="field", when=NEVER, steps=(difference.path,))
        match difference.where:
            case "body":
                return self._body(difference, exchange)
            case "stream":
                return self._stream(difference, exchange)
            case _:
                return self._whole(difference, exchange)

    def written(self, exchange: Exchange) -> list[ObjectRef]:
        """The objects that an exchange wrote, or was to write."""
        found = dict.fromkeys(
            ref
            for each in self._sides.ledger.by_seq.get(exchange.seq, ())
            if (ref := key_object(each.key, self._prefix)) is not None
        )
        if (ref := self.reference(exchange)) is not None:
            found[ref] = None
        return list(found)

    def reference(self, exchange: Exchange) -> ObjectRef | None:
        """The object that an exchange names, or made."""
        name = exchange.info.name
        if not name and exchange.info.verb == "create":
            documents = (self.documents.answer(exchange), self.documents.request(exchange))
            name = next((found for each in documents if (found := text(metadata_of(each).get("name")))), "")
        return _reference(exchange.info, name)

    def other(self, exchange: Exchange) -> Exchange | None:
        """The exchange of the replay that stands beside one."""
        image = self._sides.counterparts.get(exchange.seq)
        return None if image is None else self.others.recording.exchange(image)

    def alone(self, difference: Difference, exchange: Exchange | None) -> JSON:
        """What one side has alone; of an API's description all of it, also where the difference has it shortened."""
        value = difference.replayed if difference.kind == "added" else difference.baseline
        if not isinstance(value, str) or len(value) <= MAX_SHOWN:
            return value
        if exchange is None or exchange.info.is_resource or difference.where != "body":
            return value
        found = self.answers(exchange)[difference.kind == "added"]
        for step in steps_of(difference.path):
            if isinstance(found, list):
                found = found[int(step)] if step.isdecimal() and int(step) < len(found) else None
            else:
                found = mapping(found).get(step)
        return found if shortened(found) == value else value

    def is_behind_all(self, difference: Difference) -> bool:
        """Whether it is an event that did not come, nor did any behind it."""
        if difference.seq is None or (difference.where, difference.kind) != ("stream", "removed"):
            return False
        index = next(iter(steps_of(difference.path)), "")
        return index.isdecimal() and int(index) > self._sides.matched.get(difference.seq, -1)

    def answers(self, exchange: Exchange) -> tuple[JSON, JSON]:
        """Both sides' answers."""
        other = self.other(exchange)
        return self.documents.answer(exchange), None if other is None else self.others.answer(other)

    def _exchange(self, seq: Seq) -> Exchange | None:
        if self._last is None or self._last.seq != seq:
            self._last = self.documents.recording.exchange(seq)
        return self._last

    def _extra(self, difference: Difference) -> Site:
        number = difference.path.rpartition(" ")[2]
        exchange = self.others.recording.exchange(Seq(int(number))) if number.isdecimal() else None
        subject = None if exchange is None else _reference(exchange.info, exchange.info.name)
        thing = "" if exchange is None else _thing(exchange.info)
        return Site(
            difference=difference, aspect="exchange", when=NEVER, exchange=exchange, subject=subject, thing=thing
        )

    def _whole(self, difference: Difference, exchange: Exchange) -> Site:
        """What is of an exchange and not of a document in it."""
        aspects: dict[str, Aspect] = {"request": "request", "header": "header", "end": "end"}
        return Site(
            difference=difference,
            aspect=aspects.get(difference.where, "answer"),
            when=_when(exchange),
            exchange=exchange,
            subject=self.reference(exchange),
            thing=_thing(exchange.info),
            steps=steps_of(difference.path) if difference.path.startswith("$") else (difference.path,),
        )

    def _body(self, difference: Difference, exchange: Exchange) -> Site:
        steps, subject, thing = steps_of(difference.path), self.reference(exchange), _thing(exchange.info)
        aspect: Aspect = "field"
        label, group = label_of(difference), ""
        if not label and difference.kind in _ALONE and not exchange.info.is_resource:
            label = element_name(self.alone(difference, exchange))
        if not exchange.info.is_resource and exchange.info.path.startswith(_DISCOVERY):
            named = _named(self.answers(exchange)[difference.kind == "added"], steps)
            steps = (*(steps[:2] if steps[:1] == ("items",) else named[:2]), *named[2:])
        if len(steps) > 1 and steps[0] in {"items", "rows"} and steps[1].isdecimal():
            metadata = self._item(difference, exchange, steps[0], int(steps[1]))
            subject, label = _inner(exchange.info, metadata), label or text(metadata.get("name"))
            if not exchange.info.is_resource and len(steps) > 2:
                group = text(metadata.get("name"))
                thing = group or thing
            if len(steps) == 2 and difference.kind in {"added", "removed"}:
                aspect = "member"
            if subject is None and metadata.get("name") and not group:
                thing = f"{metadata['name']} in {thing}"
            thing = f"{thing} as a table" if steps[0] == "rows" and steps[2:3] != ("object",) else thing
            steps = steps[3:] if steps[2:3] == ("object",) else steps[2:]
        elif self._is_status(exchange):
            thing = "Status"
        return Site(
            difference=difference,
            aspect=aspect,
            when=_when(exchange),
            exchange=exchange,
            subject=subject,
            thing=thing,
            steps=steps,
            label=label,
            group=group,
        )

    def _is_status(self, exchange: Exchange) -> bool:
        if exchange.answer is not None and exchange.answer.status >= 400:
            return True
        return exchange.info.verb == "delete" and mapping(self.documents.answer(exchange)).get("kind") == "Status"

    def _item(self, difference: Difference, exchange: Exchange, name: str, index: int) -> JSONObject:
        documents = self.answers(exchange)
        elements = mapping(documents[1 if difference.kind == "added" else 0]).get(name)
        element = elements[index] if isinstance(elements, list) and index < len(elements) else None
        if name == "rows":
            element = mapping(element).get("object")
        return metadata_of(element)

    def _stream(self, difference: Difference, exchange: Exchange) -> Site:
        steps = steps_of(difference.path)
        late = float(exchange.ended) if exchange.ended is not None else NEVER
        if not steps or not steps[0].isdecimal():
            return Site(
                difference=difference,
                aspect="field",
                when=late,
                exchange=exchange,
                subject=self.reference(exchange),
                thing=f"stream of {_thing(exchange.info)}",
                steps=steps or (difference.path,),
            )
        source, documents = exchange, self.documents
        if difference.kind == "added" and len(steps) == 1:
            source, documents = self.other(exchange) or exchange, self.others
        at, kind, metadata = self._event(documents.events(source), steps[0])
        whole = len(steps) == 1 or steps[1] == "type"
        return Site(
            difference=difference,
            aspect="member" if whole else "field",
            when=at if documents is self.documents else late,
            exchange=exchange,
            subject=_inner(exchange.info, metadata),
            thing=_thing(exchange.info),
            steps=() if whole else steps[2:],
            event=kind,
        )

    def _event(self, events: JSONObject, index: str) -> tuple[float, str, JSONObject]:
        match events.get(index):
            case [float() | int() as at, str() as kind, dict() as metadata]:
                return float(at), kind, metadata
            case _:
                return NEVER, "", {}

    def _etcd(self, difference: Difference, exchange: Exchange | None) -> Site:
        name, index, rest = split_key(difference.path)
        subject = key_object(EtcdKey(name.encode("utf-8", "surrogateescape")), self._prefix)
        entry = self._entry(name, index) if exchange is None else None
        if exchange is None and difference.kind == "added" and subject is not None:
            subject = self._kept_under(name, subject)
        plain = rest.strip() if rest.startswith(" ") and not rest.startswith(" previous ") else ""
        steps = () if plain else steps_of(rest.removeprefix(" previous "))
        whole = not steps and (difference.kind in {"added", "removed"} or plain == "type")
        return Site(
            difference=difference,
            aspect="key" if whole else "field",
            when=_when(exchange) if exchange is not None else float(entry.change.at) if entry is not None else NEVER,
            exchange=exchange,
            subject=subject,
            thing="etcd" if subject is None else _resource(subject.group, subject.resource),
            steps=steps or ((f"etcd {plain}",) if plain and not whole else ()),
            entry=entry,
        )

    def _kept_under(self, name: str, subject: ObjectRef) -> ObjectRef:
        """The object that the replay keeps under a key that was not recorded: it may be that of another key."""
        key = EtcdKey(name.encode("utf-8", "surrogateescape"))
        change = next(self.others.recording.changes_of(key), None)
        if change is None or change.value is None or change.value.digest is None:
            return subject
        try:
            value = decode_value(self.others.recording.body(change.value.digest))
        except ContentError:
            return subject
        return object_of(value, subject.resource) or subject

    def _entry(self, name: str, index: int) -> LedgerEntry | None:
        history = self._histories.get(name, [])
        return history[index] if index < len(history) else None


def _histories(ledger: Ledger, differences: Iterable[Difference]) -> dict[str, list[LedgerEntry]]:
    """The changes in scope of the keys that differ though no request is known to have changed them."""
    names = {each.key for each in differences if each.where == "etcd" and each.seq is None}
    found: dict[str, list[LedgerEntry]] = {}
    for entry in ledger.entries if names else ():
        name = key_text(entry.change.key)
        if name in names and entry.standing not in {Standing.BACKGROUND, Standing.BEFORE} and not entry.background:
            found.setdefault(name, []).append(entry)
    return found


def _named(value: JSON, steps: Steps) -> Steps:
    """The way through a document of discovery, its elements by their names."""
    found = []
    for step in steps:
        if isinstance(value, list):
            value = value[int(step)] if step.isdecimal() and int(step) < len(value) else None
            found.append(element_name(value) or step)
        else:
            value = mapping(value).get(step)
            found.append(step)
    return tuple(found)


def _resource(group: str, resource: str) -> str:
    """`pods`, `deployments.apps`."""
    return f"{resource}.{group}" if group else resource


def _thing(info: RequestInfo) -> str:
    if not info.is_resource:
        return info.path
    below = "" if info.subresource in _OBJECT_ITSELF else f"/{info.subresource}"
    return _resource(info.group, info.resource) + below


def _reference(info: RequestInfo, name: str) -> ObjectRef | None:
    """An object of a request's resource, as etcd's keys name it: what two groups serve is one."""
    if not info.is_resource or not info.resource or not name:
        return None
    return _stored(info.named(name))


def _inner(info: RequestInfo, metadata: JSONObject) -> ObjectRef | None:
    """An object in a list or a stream: of all namespaces it names its own."""
    name, namespace = text(metadata.get("name")), text(metadata.get("namespace"))
    if not name or not info.is_resource:
        return None
    return _stored(info.ref(namespace, name))


def _stored(ref: ObjectRef) -> ObjectRef:
    keys = object_keys(ref)
    return (key_object(keys[0]) if keys else None) or ref


def _when(exchange: Exchange) -> float:
    """A write can show from its beginning on what others show later, a read shows what was before its answer."""
    if exchange.info.verb in WRITE_VERBS or exchange.answered is None:
        return float(exchange.started)
    return float(exchange.answered)
