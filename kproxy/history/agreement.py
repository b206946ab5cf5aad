"""Blame held against managedFields: the api-server's own word on who owns a field.

Both come from different sources: blame from the values in etcd and the requests that wrote them, managedFields from the
server's field manager. They agree when the request that set a field is one of its owners; where they do not, there is
a reason, and what has none is said as such.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from kproxy.fields.managers import Manager, Owned, managers_of, owned
from kproxy.fields.paths import FieldPath
from kproxy.history.author import Author
from kproxy.history.blame import BEFORE, MISSING, Blame
from kproxy.model.api import ObjectRef

_METADATA = (
    "name",
    "namespace",
    "creationTimestamp",
    "selfLink",
    "uid",
    "clusterName",
    "generation",
    "managedFields",
    "resourceVersion",
    "deletionTimestamp",
    "deletionGracePeriodSeconds",
)
UNMANAGED = frozenset({("f:apiVersion",), ("f:kind",), *(("f:metadata", f"f:{name}") for name in _METADATA)})
"""What nobody manages (k8s.io/apimachinery/pkg/util/managedfields/internal/stripmeta.go)."""

_COLLECTIVE = frozenset({"ancient-changes", "before-first-apply"})
"""Managers that stand for others (buildmanagerinfo.go, capmanagers.go, skipnonapplied.go)."""


_MAX_LOOKED_THROUGH = 200
"""Changes that are looked through for the one that let go of a field."""


_SERVERS = frozenset({"kube-apiserver", "k3s", "rke2"})
"""What an api-server calls itself: its program's name, as the user agent of its own client has it."""


class Agreement(StrEnum):
    """Whether managedFields says of a field what blame says, and why not."""

    AGREES = "agrees"
    BEFORE = "before-session"  # set before the recording began: its owners are all there is
    NOT_RECORDED = "not-recorded"  # set by a change that is in a gap, or whose value is not in the recording
    UNMANAGED = "unmanaged"  # identity, times, generation: managedFields never has them
    SERVER = "server"  # the server set it while it handled the request: defaults, admission, allocation, strategy
    ITSELF = "server-itself"  # the request was for another object; the server wrote this one for it under its own name
    HANDED_OVER = "handed-over"  # its value stayed; later another took it over, or its setter let go of it
    COLLECTIVE = "collective"  # owned by a manager that stands for several earlier ones
    OTHER_VERSION = "other-version"  # its owner wrote another version of the API, with other paths
    NO_MANAGERS = "no-managers"  # the object has no managedFields
    NO_REQUEST = "no-request"  # no request of the recording is known to have caused the change
    DISAGREES = "disagrees"


@dataclass(frozen=True, slots=True, kw_only=True)
class Judged:
    """A field's owners, and how blame stands to them; `note` is a sentence where there is more to say."""

    agreement: Agreement
    owners: tuple[Manager, ...] = ()
    note: str = ""


class Judge:
    """Judges the fields of one object; `author` finds the request behind a change's place, None where none is known."""

    def __init__(self, blame: Blame, author: Callable[[int], Author | None], target: ObjectRef | None) -> None:
        self._blame = blame
        self._author = author
        self._target = target
        self._managers = lru_cache(maxsize=64)(lambda place: managers_of(blame.after(place).document))
        self._now = managers_of(blame.state.document)

    def judge(self, path: FieldPath) -> Judged:
        """One field."""
        found = owned(self._now, path)
        owners = found.managers if found is not None else ()
        if path[:1] in UNMANAGED or path[:2] in UNMANAGED:
            return Judged(agreement=Agreement.UNMANAGED, owners=owners)
        if not self._now:
            return Judged(agreement=Agreement.NO_MANAGERS)
        setter = self._blame.setter(found.path if found is not None else path)
        if setter == BEFORE:
            return Judged(agreement=Agreement.BEFORE, owners=owners)
        if setter == MISSING:
            return Judged(agreement=Agreement.NOT_RECORDED, owners=owners)
        author = self._author(setter)
        if author is None:
            return Judged(agreement=Agreement.NO_REQUEST, owners=owners)
        agreement, note = self._compare(path, found, setter, author)
        return Judged(agreement=agreement, owners=owners, note=note)

    def _compare(self, path: FieldPath, found: Owned | None, setter: int, author: Author) -> tuple[Agreement, str]:
        """The setter held against the owners now, and against those when it set the field."""
        owners = found.managers if found is not None else ()
        then = owned(self._managers(setter), path)
        if any(self._is(owner, author, setter) for owner in owners):
            return Agreement.AGREES, ""
        if not self._aims_here(author):
            return self._elsewhere(then, author)
        if then is not None and any(each.identity == author.identity for each in then.managers):
            return Agreement.HANDED_OVER, f"its setter owned it until {self._handed_over(path, setter, author)}"
        return self._not_then(path, then, setter, owners)

    def _handed_over(self, path: FieldPath, setter: int, author: Author) -> str:
        """The request since which the setter owns a field no more."""
        for place in range(setter + 1, min(len(self._blame.steps), setter + _MAX_LOOKED_THROUGH)):
            then = owned(self._managers(place), path)
            if then is None or all(each.identity != author.identity for each in then.managers):
                later = self._author(place)
                return f"request #{later.seq}" if later is not None else "a change that no request is known for"
        return "a later change"

    @staticmethod
    def _elsewhere(then: Owned | None, author: Author) -> tuple[Agreement, str]:
        """The request was for another object: then it is the server that wrote this one, under its own name."""
        others = [each.name for each in (then.managers if then is not None else ()) if each.name not in _SERVERS]
        note = f"the request was for {author.target or 'no object'}"
        if others:
            return Agreement.DISAGREES, f"{note}, and managedFields says that {', '.join(others)} set it"
        return Agreement.ITSELF, note

    def _aims_here(self, author: Author) -> bool:
        """Whether the request named this object, or the collection that it is in (groups may share their storage)."""
        here, there = self._target, author.target
        if here is None or there is None:
            return here is there
        named = there.name in {"", here.name} and there.namespace in {"", here.namespace}
        return named and there.resource == here.resource

    def _is(self, owner: Manager, author: Author, setter: int) -> bool:
        """The same manager, which did not stand still before the change: each write moves its time on."""
        if owner.identity != author.identity:
            return False
        then = [each.time for each in self._managers(setter) if each.identity == author.identity]
        return not then or owner.time >= min(then)

    def _not_then(
        self, path: FieldPath, then: Owned | None, setter: int, owners: tuple[Manager, ...]
    ) -> tuple[Agreement, str]:
        """Its setter never owned it: the server's own doing, unless somebody else's entry moved with the change."""
        earlier = {each.identity: each for each in self._managers(setter - 1)} if setter > 0 else {}
        moved = [
            each
            for each in (then.managers if then is not None else ())
            if each.identity not in earlier or earlier[each.identity].time != each.time
        ]
        if not moved:
            return self._unowned(path, then, owners)
        if any(each.name in _COLLECTIVE for each in moved):
            return Agreement.COLLECTIVE, f"it is owned by {moved[0].name}, which stands for several earlier managers"
        names = ", ".join(each.name for each in moved)
        return Agreement.DISAGREES, f"managedFields says that {names} set it"

    def _unowned(self, path: FieldPath, then: Owned | None, owners: tuple[Manager, ...]) -> tuple[Agreement, str]:
        document = self._blame.state.document or {}
        other = {each.api_version for each in self._now} - {document.get("apiVersion")}
        if other and then is None and not owners and path[0] != "f:metadata":
            return Agreement.OTHER_VERSION, f"its managers wrote {', '.join(sorted(other))} too, where paths may differ"
        return Agreement.SERVER, "no manager's write: defaults, admission, allocation or the server's own rules"
