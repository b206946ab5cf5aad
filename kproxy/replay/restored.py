"""What a target was given before the session, and what it could not be given."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.jsontypes import JSON
from kproxy.renaming.renaming import Renaming

DIFFERS = "a server makes it by itself, and this one's is another"
OWN_RESOURCES = frozenset(
    {
        "namespaces",
        "clusterroles",
        "clusterrolebindings",
        "roles",
        "rolebindings",
        "flowschemas",
        "prioritylevelconfigurations",
        "priorityclasses",
        "services",
    }
)
"""Of what a server makes by itself, the resources of which people may change an object, or name one."""
_NAMED = 5
_OWN_CHOICE = frozenset({"uid", "resourceVersion", "creationTimestamp", "managedFields", "generation"})


@dataclass(frozen=True, slots=True)
class NotRestored:
    """Something that was there when the session began, and is not in the target as it was.

    `reason` says why, as words that follow its name; `ref`: the object, None for a key that holds none; `there`: it is
    there, but not as it was.
    """

    name: str
    reason: str
    ref: ObjectRef | None = None
    there: bool = False


@dataclass(slots=True)
class Restored:
    """`how`: etcd, api or "" (nothing was); `renaming`: what is known by it before the first exchange."""

    how: str = ""
    count: int = 0
    renaming: Renaming = field(default_factory=Renaming)
    missing: list[NotRestored] = field(default_factory=list)

    def sentences(self) -> Iterator[str]:
        """What people should know before anything of the session is sent: one a reason."""
        if not self.how:
            return
        way = "into the target's etcd" if self.how == "etcd" else "through the API"
        yield f"restored {self.count} {'keys' if self.how == 'etcd' else 'objects'} {way}"
        reasons: dict[str, list[str]] = {}
        for each in self.missing:
            reasons.setdefault(each.reason, []).append(each.name)
        for reason, names in reasons.items():
            more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
            yield f"not restored as it was: {', '.join(names[:_NAMED])}{more}: {reason}"


def said(document: JSON) -> JSON:
    """What an object says beside what a server chose for it."""
    if not isinstance(document, dict):
        return None
    metadata = {name: value for name, value in metadata_of(document).items() if name not in _OWN_CHOICE}
    return {**{name: value for name, value in document.items() if name != "status"}, "metadata": metadata}
