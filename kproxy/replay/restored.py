"""What a target was given before the session, and what it could not be given."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from kproxy.model.api import ObjectRef
from kproxy.renaming.renaming import Renaming

_NAMED = 5


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
