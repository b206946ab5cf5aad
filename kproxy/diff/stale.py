"""Reads that may show any moment (resourceVersion=0, NotOlderThan): judged by what etcd had, not by the recorded bytes.

The replay's answer is right if it is what the replay's own etcd had at the revision that it names, and that revision is
not older than what was asked for. Then it may show another moment than the recorded one does.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from kproxy.diff.listed import Listed, at_one_version, differ_beside_moments, document, name_of
from kproxy.diff.sides import Comparison, Pair, Side
from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.etcd import KeyChange
from kproxy.model.exchange import Body, Exchange
from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Difference
from kproxy.renaming.kinds import is_revision
from kproxy.renaming.target import SELECTORS, parameter
from kproxy.wire.stored import served_as

_OK, _NOT_FOUND = 200, 404
_METADATA_ONLY = "PartialObjectMetadata"


def may_be_stale(exchange: Exchange) -> bool:
    """Whether a read asked for any state, or one not older than a revision, and so may get an old one."""
    target = exchange.request.target
    if "resourceVersion" not in target or exchange.info.verb not in {"get", "list"}:
        return False
    asked = parameter(target, "resourceVersion")
    return asked not in {None, ""} and parameter(target, "resourceVersionMatch") != "Exact"


def judge_moment(of: Comparison, pair: Pair, before: int) -> None:
    """Take back the differences since there were `before`, where the replay's answer shows what its etcd had.

    A list that differs in nothing may still show an object that was another one at the list's revision. What a head
    says beside the status is of no moment.
    """
    if not may_be_stale(pair.baseline):
        return
    same = of.findings.count == before
    possible = same or (may_be_right(of, pair) and not _another_state(of, pair, before))
    known = _known(of, pair, before) if possible and not same else lambda _: False
    right = _is_right(of.replayed, pair.replayed, known, contents=not same) if possible else False
    if same:
        if right is False and _is_list(pair.replayed):
            said = "its objects are not those of this revision"
            of.findings.differ(pair.baseline.seq, "body", "$.metadata.resourceVersion", "renamed", None, said)
    elif right is None:
        excuse(of, pair, before, "may show any moment")
    elif right:
        of.findings.withdraw(before, is_of_content)


def excuse(of: Comparison, pair: Pair, before: int, why: str) -> None:
    """Nobody can tell of the differences in a content since there were `before`: no history says what is right."""
    first = next(filter(is_of_content, of.findings.since(before)), None)
    of.findings.withdraw(before, is_of_content)
    place = f": {first.where} {first.path} differs" if first is not None else ""
    of.findings.cannot_tell(f"exchange {pair.baseline.seq} {why}, and no history of the replay's etcd tells it{place}")


def is_of_content(found: Difference) -> bool:
    """Whether another state may make a difference: of the status and the body; a head is the same at any moment."""
    return found.where == "body" or (found.where == "status" and found.path in {"status", "reason"})


def _another_state(of: Comparison, pair: Pair, before: int) -> bool:
    """Whether the answers differ in what no moment explains: in the contents of one version.

    Where etcd is not in both recordings, versions are known by such reads alone, and say nothing.
    """
    if not _has_versions(of):
        return False
    first, second = document(of.baseline, pair.baseline), document(of.replayed, pair.replayed)
    if first is None or second is None:
        return False
    return differ_beside_moments(of, of.findings.since(before), first, second)


def _has_versions(of: Comparison) -> bool:
    return all(side.recording.session.etcd_start is not None for side in (of.baseline, of.replayed))


def _known(of: Comparison, pair: Pair, before: int) -> Callable[[JSONObject], bool]:
    """Of a list's objects, which are the recorded ones: at one version, and no difference was found in them."""
    listed = Listed.of(document(of.baseline, pair.baseline)) if _has_versions(of) else None
    if listed is None or len(of.findings.since(before)) < of.findings.count - before:
        return lambda _: False
    renaming = of.renaming
    recorded: dict[tuple[str, ...], JSONObject] = {
        tuple(map(renaming.common, name)): listed.objects[at] for name, at in listed.places.items()
    }
    return lambda shown: at_one_version(of, recorded.get(tuple(map(renaming.merged.text, name_of(shown)))), shown)


def shows(side: Side, exchange: Exchange, shown: JSONObject, floor: int, at: int | None = None) -> bool | None:
    """Whether an object is what etcd had of it at `floor` or later, at `at` if that is given; None: nobody knows.

    One of which etcd's watch saw no change is not what another moment shows.
    """
    metadata = metadata_of(shown)
    ref = exchange.info.ref(str(metadata.get("namespace", "")), str(metadata.get("name", "")))
    if not is_revision(metadata.get("resourceVersion")) or not side.history.changes(ref):
        return False
    return _shows(side, exchange, shown, floor, at, contents=True)


def was_absent(side: Side, ref: ObjectRef, floor: int) -> bool:
    """Whether etcd is known to have had no such object at `floor`, or later."""
    life = _Life.of(side, ref)
    return life is not None and life.was_absent(floor)


def _is_list(exchange: Exchange) -> bool:
    return exchange.info.verb == "list" and exchange.answer is not None and exchange.answer.status == _OK


def may_be_right(of: Comparison, pair: Pair) -> bool:
    """Whether an answer that is not the recorded one can be what any moment shows: a state, or that there is none.

    At any moment it is of the recorded type, too; a refusal or a failure is nothing that a history tells.
    """
    first, second = pair.baseline.answer, pair.replayed.answer
    if first is None or second is None:
        return False
    if second.status == _NOT_FOUND and pair.replayed.info.verb == "get":
        return True
    if second.status != _OK:
        return False
    if first.status != _OK:
        return pair.replayed.info.verb == "get"  # no moment makes that a whole resource is served
    types = [
        (value.get("kind"), value.get("apiVersion")) if isinstance(value, dict) else None
        for value in (
            of.baseline.documents.body(first.headers, first.body).value,
            of.replayed.documents.body(second.headers, second.body).value,
        )
    ]
    return types[0] == types[1] or None in types


def _is_right(side: Side, exchange: Exchange, known: Callable[[JSONObject], bool], *, contents: bool) -> bool | None:
    """Whether an answer is what etcd had at a moment that was asked for; None: nobody knows what it had.

    Without `contents` only versions count, nor do others of a list's objects that are `known`.
    """
    answer = exchange.answer
    if answer is None or side.recording.session.etcd_start is None:
        return None
    bound = _bound(exchange)
    if answer.status == _NOT_FOUND and exchange.info.verb == "get":
        life = _Life.of(side, exchange.info.named())
        return None if life is None else life.was_absent(bound)
    value = side.documents.body(answer.headers, answer.body).value
    if answer.status != _OK or not isinstance(value, dict):
        return False
    if exchange.info.verb == "list":
        return _lists(side, exchange, value, bound, lambda shown: contents and not known(shown))
    return _shows(side, exchange, value, bound, contents=contents)


def _bound(exchange: Exchange) -> int:
    asked = parameter(exchange.request.target, "resourceVersion")
    return int(asked) if is_revision(asked) and asked is not None else 0


def _shows(  # noqa: PLR0913 - an object, and when it may have been so
    side: Side, exchange: Exchange, shown: JSONObject, bound: int, at: int | None = None, *, contents: bool
) -> bool | None:
    """Whether an object is what etcd had of it: at its own revision, which was its last one at a moment asked for."""
    metadata = metadata_of(shown)
    name, revision = metadata.get("name"), metadata.get("resourceVersion")
    if not isinstance(name, str) or not isinstance(revision, str) or not is_revision(revision):
        return None  # a Table: its cells are no part of what etcd has
    life = _Life.of(side, exchange.info.ref(str(metadata.get("namespace", "")), name))
    if life is None:
        return None
    value = life.version(int(revision), bound if at is None else at, at)
    if value is None:
        return False
    return is_stored(side, shown, value) if contents else True


def _lists(
    side: Side, exchange: Exchange, shown: JSONObject, bound: int, contents: Callable[[JSONObject], bool]
) -> bool | None:
    """Whether each object of a list is what etcd had at the list's revision, and none is missing.

    `contents`: whether an object's contents count, not its version alone.
    """
    if shown.get("kind") == "Table":
        return None  # its cells are no part of what etcd has
    revision, items = metadata_of(shown).get("resourceVersion"), shown.get("items", [])
    if not isinstance(revision, str) or not is_revision(revision) or not isinstance(items, list):
        return None
    at = int(revision)
    if at < bound:
        return False
    info = exchange.info
    kind = str(shown.get("kind", "")).removesuffix("List")
    objects = [
        {"kind": kind, "apiVersion": shown.get("apiVersion"), **each} for each in items if isinstance(each, dict)
    ]
    told = [_shows(side, exchange, each, 0, at, contents=contents(each)) for each in objects]
    whole = not (_is_a_page(exchange, shown) or _selects(exchange))
    names = set(map(name_of, objects))
    there = side.history.there(info.group, info.resource, at) if whole else ()
    missing = any((ref.namespace, ref.name) not in names for ref in there if info.namespace in {"", ref.namespace})
    if missing or any(each is False for each in told):
        return False
    return None if not whole or any(each is None for each in told) else True


def _is_a_page(exchange: Exchange, shown: JSONObject) -> bool:
    """Whether a list is cut; one that was limited, and needed not be, is whole."""
    return bool(parameter(exchange.request.target, "continue") or metadata_of(shown).get("continue"))


def _selects(exchange: Exchange) -> bool:
    target = exchange.request.target
    return any(parameter(target, name) for name in SELECTORS)


@dataclass(frozen=True, slots=True)
class _Life:
    """A key's changes in the session, oldest first; there is at least one."""

    changes: tuple[KeyChange, ...]

    @classmethod
    def of(cls, side: Side, ref: ObjectRef) -> "_Life | None":
        changes = side.history.changes(ref)
        return cls(changes) if changes else None

    def version(self, revision: int, least: int, most: int | None) -> Body | None:
        """What it was at a revision, if that was its last one at `least` or later, and not beyond `most`."""
        index = bisect_right(self.changes, revision, key=lambda change: change.revision) - 1
        following = self.changes[index + 1].revision if index + 1 < len(self.changes) else None
        if (following is not None and following <= least) or (most is not None and revision > most):
            return None
        if index < 0:
            return self.changes[0].previous  # from before the session
        return self.changes[index].value if self.changes[index].revision == revision else None

    def was_absent(self, bound: int) -> bool:
        """Whether there was no such object at `bound`, or later."""
        return any(_ends(self.changes, bound))


def _ends(changes: tuple[KeyChange, ...], bound: int) -> Iterator[bool]:
    yield changes[0].previous is None and changes[0].revision > bound
    for index, change in enumerate(changes):
        later = changes[index + 1].revision if index + 1 < len(changes) else None
        yield change.value is None and (later is None or later > bound)


def is_stored(side: Side, shown: JSONObject, value: Body | None) -> bool | None:
    """Whether an object is shown as it is stored; None is stored nowhere. None: nobody knows what is stored.

    Of PartialObjectMetadata only the metadata counts. In another version of the API than it is stored in, where
    served_as does not know that one, an object is wrong if its metadata is; of its other fields nothing is known.
    """
    if value is None:
        return False
    stored = side.documents.stored(value).value
    if not isinstance(stored, dict):
        return None  # encrypted, or not kept
    stored = served_as(shown.get("apiVersion"), stored)
    if shown.get("apiVersion") != stored.get("apiVersion"):
        if _identity(shown, "managedFields") != _identity(stored, "managedFields"):
            return False
        return True if shown.get("kind") == _METADATA_ONLY else None
    first, second = ({**each, "metadata": _identity(each)} for each in (shown, stored))
    if "labels" not in metadata_of(second) and _has_its_templates_labels(shown):
        metadata_of(first).pop("labels", None)
    return first == second


def _has_its_templates_labels(shown: JSONObject) -> bool:
    """Whether reading gave a Job without labels those of its template (kubernetes/pkg/apis/batch/v1/defaults.go)."""
    if shown.get("kind") != "Job" or not str(shown.get("apiVersion")).startswith("batch/"):
        return False
    spec = shown.get("spec")
    template = spec.get("template") if isinstance(spec, dict) else None
    return metadata_of(template).get("labels") == metadata_of(shown).get("labels")


def _identity(value: JSONObject, *without: str) -> JSONObject:
    """An object's metadata but for its revision."""
    left_out = {"resourceVersion", "selfLink", *without}
    return {name: each for name, each in metadata_of(value).items() if name not in left_out}
