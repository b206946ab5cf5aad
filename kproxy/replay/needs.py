"""What a slice depends on and leaves out: what exchanges outside of it made or changed, and it uses. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.exchange import Exchange, Seq
from kproxy.model.jsontypes import text
from kproxy.model.recording import Recording
from kproxy.replay.barriers import definition_of
from kproxy.replay.effects import Effect, group_of
from kproxy.replay.read_ahead import Looked, looked_at
from kproxy.replay.values import uids_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """That an exchange of the slice uses what one outside of it made or changed before: the first of its uses."""

    what: str
    changed_by: Seq
    used_by: Seq

    def __str__(self) -> str:
        """`pods/default/x, made or changed by exchange 3, is used by exchange 12`."""
        return f"{self.what}, made or changed by exchange {self.changed_by}, is used by exchange {self.used_by}"


def needs(whole: Recording, keeps: Callable[[Exchange], bool], since: Seq = Seq(0)) -> Iterator[Need]:
    """What a slice needs and leaves out, in the order of first uses, each thing once.

    `since`: what was asked for earlier is there, because the target begins with it. Takes memory for each object that
    the exchanges outside of the slice changed.
    """
    outside = _Outside()
    named: set[str] = set()
    for looked in looked_at(whole, whole.exchanges()):
        if not keeps(looked.effect.exchange):
            if looked.effect.exchange.seq >= since:
                outside.learn(looked)
            continue
        for what, seq in outside.used(looked):
            if what not in named:
                named.add(what)
                yield Need(what=what, changed_by=seq, used_by=looked.effect.exchange.seq)


@dataclass(slots=True)
class _Outside:
    """What the exchanges outside changed so far, each with the last one that did."""

    objects: dict[ObjectRef, Seq] = field(default_factory=dict)
    lists: dict[tuple[str, str, str], Seq] = field(default_factory=dict)
    groups: dict[str, Seq] = field(default_factory=dict)
    uids: dict[bytes, tuple[ObjectRef, Seq]] = field(default_factory=dict)

    def learn(self, looked: Looked) -> None:
        """One more exchange outside."""
        effect = looked.effect
        ref, seq = effect.ref, effect.exchange.seq
        if not effect.changes or ref is None or effect.exchange.answer is None or effect.exchange.answer.status >= 300:
            return
        if effect.exchange.info.verb == "delete":
            self.objects.pop(ref, None)  # whoever comes to use it makes it anew
            return
        self.objects[ref] = seq
        self.lists[ref.group, ref.resource, ref.namespace] = self.lists[ref.group, ref.resource, ""] = seq
        if (group := definition_of(ref.group, ref.resource, ref.name)) is not None:
            self.groups[group] = seq
        if uid := text(metadata_of(effect.told).get("uid")):
            self.uids[uid.encode()] = ref, seq

    def used(self, looked: Looked) -> Iterator[tuple[str, Seq]]:
        """What an exchange of the slice uses of it."""
        effect = looked.effect
        exchange = effect.exchange
        info, ref = exchange.info, effect.ref
        if not info.is_resource or exchange.answer is None:
            return
        if ref is not None and _found(effect):
            yield from self._object(ref)
        space = ObjectRef(group="", resource="namespaces", namespace="", name=info.namespace)
        if info.namespace:
            yield from self._object(space)
        if info.group in self.groups:
            yield f"the API group {info.group}", self.groups[info.group]
        listed = (group_of(exchange), info.resource, info.namespace)
        if info.verb in {"list", "watch"} and not info.name and listed in self.lists:
            where = f" in {info.namespace}" if info.namespace else ""
            yield f"the list of {info.resource}{where}", self.lists[listed]
        for uid in uids_in(exchange, looked.sent):
            if uid in self.uids:
                yield str(self.uids[uid][0]), self.uids[uid][1]

    def _object(self, ref: ObjectRef) -> Iterator[tuple[str, Seq]]:
        if ref in self.objects:
            yield str(ref), self.objects[ref]


def _found(effect: Effect) -> bool:
    """Whether an exchange found its object there: who made it, or was told that there is none, did not."""
    answer = effect.exchange.answer
    if answer is None or answer.status == 404:
        return False
    return not (effect.makes and answer.status < 300)
