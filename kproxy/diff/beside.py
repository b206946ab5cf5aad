"""Where only people's requests were driven: what the target's own controllers did is compared as sets and final states.

How often a controller writes, and when, is the machine's business: a Deployment's status goes through other numbers
each time. What people's answers show of that is hidden, by a rule that counts it; and what is there in the end, object
by object, must be the same (`check_consequences`).
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from kproxy.diff.locator import Locator
from kproxy.diff.noise import Rule
from kproxy.diff.rules import RuleBook
from kproxy.diff.sides import Comparison, Side
from kproxy.model.api import ObjectRef, RequestInfo, metadata_of
from kproxy.model.attribution import Ledger
from kproxy.model.etcd import ChangeType, EtcdKey, KeyChange
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording
from kproxy.model.verdict import Difference
from kproxy.renaming.derived import TOKEN_VOLUME, drawn_for
from kproxy.renaming.kinds import UUID, is_time
from kproxy.wire.storage import PREFIX, object_keys

_BESIDE = Rule(
    name="controllers-beside",
    ground="the target's own controllers act while only people's requests are driven: how often and when they write is "
    "their own business; what is there in the end is compared (docs/replay.md)",
    place="status, resourceVersion, generation, managedFields, times and versions of what they write too; states of a "
    "watch on the way to the last one that was awaited; which of their objects a list names; never an object that in "
    "the recording only people wrote",
    source="--drive people",
)

_THEIRS = re.compile(
    r"\.metadata\.(?:resourceVersion|generation|managedFields|annotations\['deployment\.kubernetes\.io/revision'\])"
    r"(?:[.\[]|$)|\.status(?:[.\[]|$)|\.spec\.nodeName$| (?:mod_revision|create_revision|version)$"
)
_ANNOTATIONS = ".metadata.annotations"
_THEIR_ANNOTATIONS = frozenset({"deployment.kubernetes.io/revision"})
"""Where an object has no others, all of them come with the controller's first write."""

_OF_MANY = frozenset({"list", "watch"})
_DRAWN = re.compile(
    r"^\$\.rows\[|\.(?:clusterIPs?|nodePort|healthCheckNodePort|podIPs?|hostIPs?|containerID|finalizers)(?:[.\[]|$)"
)
"""What else a get may show otherwise that shows its state: cells, addresses, and what is on its way out."""

_WHICH = re.compile(r"^\$\.items(?:\[[^\]]*\](?:\.metadata(?:[.\[].*)?)?)?$")
"""Which objects a list names, and how they are called."""

_GRACE = "$.metadata.deletionGracePeriodSeconds"
"""What its kubelet sets to 0 as it deletes a pod that has ended: the api-server stores that first, and then deletes it
(updateForGracefulDeletionAndFinalizers in apiserver/pkg/registry/generic/registry/store.go)."""

_NOT_FOUND = 404
_TIME_KINDS = frozenset({"renamed", "reordered"})

_CHOSEN = frozenset({"resourceVersion", "managedFields", "uid", "generation", "nodeName", "hostIP", "hostIPs", "podIP"})
_NOT_NAMED = frozenset({"podIPs", "clusterIP", "clusterIPs", "nodePort", "containerID", "startTime"})
_BACKGROUND = re.compile(
    r"/(?:masterleases|peerserverleases|leases|events|ranges|ipaddresses|apiregistration\.k8s\.io)/"
)
_SYSTEM = re.compile(
    r"/(?:kube-system|kube-public|kube-node-lease)(?:/|$)|/minions/|/clusterroles?/|/clusterrolebindings/"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What became of the states that people had seen.

    `missed`: of reads and watches whose state did not come, which one: not hidden. `passed`: reads whose state had only
    been passed through, and did not come; `moving`: reads of what was on its way, out or in.
    """

    missed: Mapping[Seq, str] = field(default_factory=dict)
    passed: Container[int] = ()
    moving: Collection[int] = ()


@dataclass(slots=True)
class Beside(RuleBook):
    """A book of rules, and this one. `seen`: what became of the states that people had seen.

    `gone`: reads of what was on its way, out or in, and is gone on one side. `own`: keys that in the recording nobody
    but the people wrote (own_keys), below `prefix`: nothing of them is a controller's doing. `locator` tells which
    object it is that a list, or an event, shows.
    """

    seen: Seen = Seen()
    gone: frozenset[int] = frozenset()
    own: frozenset[EtcdKey] = frozenset()
    prefix: str = PREFIX
    locator: Locator | None = None

    def hides(self, difference: Difference, info: Callable[[Seq], RequestInfo | None]) -> Rule | None:
        """The first rule that hides a difference."""
        given = RuleBook.hides(self, difference, info)
        return given or (_BESIDE if self._theirs(difference, info) else None)

    def _theirs(self, found: Difference, info: Callable[[Seq], RequestInfo | None]) -> bool:
        if self._is_own(found, info):
            return False
        if found.where == "etcd":
            return _is_theirs(found) or (found.kind in {"added", "removed"} and found.path.endswith("]"))
        if found.where == "consequence" or found.seq is None:
            return False
        if found.seq in self.gone and found.where != "request":
            return True
        if found.where not in {"body", "stream"}:
            return False
        return _is_theirs(found) or self._shows_otherwise(found, found.seq, info(found.seq))

    def _shows_otherwise(self, found: Difference, seq: Seq, asked: RequestInfo | None) -> bool:
        """Whether an answer may show this otherwise that shows its state, or one of another moment."""
        if asked is None or seq in self.seen.missed:
            return False
        drawn = _DRAWN.search(found.path) is not None
        if asked.verb in _OF_MANY:
            return seq not in self.seen.passed or drawn or _is_of_a_moment(found)
        return asked.verb == "get" and (drawn or (seq in self.seen.moving and _is_ended(found)))

    def _is_own(self, found: Difference, info: Callable[[Seq], RequestInfo | None]) -> bool:
        if found.where == "etcd":
            return EtcdKey(found.key.encode()) in self.own
        asked = info(found.seq) if found.seq is not None and found.where in {"body", "stream"} else None
        ref = None if asked is None or not self.own else self._shown(found, asked)
        return ref is not None and any(key in self.own for key in object_keys(ref, self.prefix))

    def _shown(self, found: Difference, asked: RequestInfo) -> ObjectRef | None:
        """The object that a difference is of: the one that was asked for, or one of many.

        What stands in another order is of two objects, of which the other one may be a controller's.
        """
        if asked.verb in _OF_MANY:
            if self.locator is None or found.kind == "reordered":
                return None
            return self.locator.site(found).subject
        if not asked.name or found.where != "body":
            return None
        return ObjectRef(group=asked.group, resource=asked.resource, namespace=asked.namespace, name=asked.name)


def gone_on_one_side(
    baseline: Recording, replayed: Recording, passing: Iterable[int], image: Callable[[Seq], Seq | None]
) -> frozenset[int]:
    """Reads that one of the servers answered with a 404."""
    found = set()
    for seq in passing:
        there = image(Seq(seq))
        sides = (baseline.exchange(Seq(seq)), replayed.exchange(there) if there is not None else None)
        if any(each is not None and each.answer is not None and each.answer.status == _NOT_FOUND for each in sides):
            found.add(seq)
    return frozenset(found)


def own_keys(recording: Recording, ledger: Ledger, driven: Iterable[Seq]) -> frozenset[EtcdKey]:
    """The keys that were changed by the requests that are driven, and by nothing else."""
    start = recording.session.etcd_start or 0
    known = {(each.revision, each.key) for seq in driven for each in ledger.by_seq.get(seq, ())}
    own, others = set[EtcdKey](), set[EtcdKey]()
    for change in recording.key_changes():
        if change.revision > start:
            (own if (change.revision, change.key) in known else others).add(change.key)
    return frozenset(own - others)


def _is_of_a_moment(found: Difference) -> bool:
    """Whether a list, at another moment, names other objects of them, or what is told of their coming and going."""
    return _WHICH.search(found.path) is not None or (found.kind == "renamed" and found.path.startswith("$.items["))


def _is_ended(found: Difference) -> bool:
    """Whether one side shows a pod whose kubelet let it have its time of grace, the other one whose time is over."""
    return found.path == _GRACE and found.kind == "changed" and 0 in (found.baseline, found.replayed)


def _is_theirs(found: Difference) -> bool:
    """Whether a place is one that controllers write, or a time is another one."""
    times = is_time(found.baseline) and is_time(found.replayed) and found.kind in _TIME_KINDS
    return times or _THEIRS.search(found.path) is not None or _is_their_first(found)


def _is_their_first(found: Difference) -> bool:
    """Whether one side was read before a controller put the first annotations there, which are its own."""
    if not found.path.endswith(_ANNOTATIONS) or found.kind not in {"added", "removed"}:
        return False
    shown = found.replayed if found.kind == "added" else found.baseline
    return isinstance(shown, dict) and shown.keys() == _THEIR_ANNOTATIONS


def check_consequences(of: Comparison) -> None:
    """What is there in the end must be the same: objects by name, those of drawn names by whom they belong to."""
    first, second = _final(of.baseline, of.renaming.text), _final(of.replayed, str)
    for name in sorted(first.keys() | second.keys()):
        a, b = first.get(name, Counter()), second.get(name, Counter())
        if a != b:
            seen, other = ([json.loads(each) for each in (side - rest).elements()] for side, rest in ((a, b), (b, a)))
            kind = "changed" if a.total() == b.total() else "removed" if a.total() > b.total() else "added"
            of.findings.differ(None, "consequence", name, kind, seen[:1] or None, other[:1] or None)


def _final(side: Side, rename: Callable[[str], str]) -> dict[str, Counter[str]]:
    """The objects that the session left, by what tells them apart; each as what counts of it."""
    found: dict[str, Counter[str]] = {}
    for key, change in _last(side):
        value = side.documents.stored(change.value).value
        if isinstance(value, dict):
            drawn = drawn_for(metadata_of(value), rename)
            name = f"{key.rpartition('/')[0]}/{drawn.partition('/')[2]}…" if drawn else rename(key)
            found.setdefault(name, Counter())[json.dumps(_plain(value, rename), sort_keys=True)] += 1
    return found


def _last(side: Side) -> Iterator[tuple[str, KeyChange]]:
    """Each key that the session changed and that is there in the end, but the system's own."""
    start, prefix = side.recording.session.etcd_start or 0, side.recording.session.etcd_prefix
    last: dict[EtcdKey, KeyChange] = {}
    for change in side.recording.key_changes():
        if change.revision > start:
            last[change.key] = change
    for key, change in last.items():
        name = bytes(key).decode("utf-8", "replace").removeprefix(prefix)
        ours = _BACKGROUND.search(name) is None and _SYSTEM.search(name) is None
        if ours and change.type is ChangeType.PUT and not name.endswith("/kube-root-ca.crt"):
            yield name, change


def _plain(value: JSON, rename: Callable[[str], str]) -> JSON:
    if isinstance(value, dict):
        return _plain_object(value, rename)
    if isinstance(value, list):
        return [_plain(each, rename) for each in value]
    if isinstance(value, str):
        return "" if is_time(value) else UUID.sub("", rename(value))
    return value


def _plain_object(value: JSONObject, rename: Callable[[str], str]) -> JSONObject:
    found = {name: _plain(each, rename) for name, each in value.items() if name not in _CHOSEN | _NOT_NAMED}
    if text(value.get("generateName")):
        found["name"] = ""
    elif text(value.get("name")).startswith(TOKEN_VOLUME):
        found["name"] = TOKEN_VOLUME.rstrip("-")
    return found
