"""What a person agrees to before the first write to a server that is not ours."""

from dataclasses import dataclass

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmation:
    """`restored`: keys or objects of the start state, made before. `senders`: each caller with what stands for it.

    `identified`: the recording and the target both say which cluster they are of, and it is not the same one.
    """

    server: str
    user: str
    requests: int
    writes: int
    restored: int = 0
    senders: tuple[str, ...] = ()
    identified: bool = True

    @property
    def sentence(self) -> str:
        """All of it, in one sentence or two."""
        who = ", ".join(self.senders[:_NAMED]) or self.user
        if len(self.senders) > _NAMED:
            who += f" and {len(self.senders) - _NAMED} more"
        told = f"{self.requests} requests ({self.writes} writes) go to {self.server} as {who}"
        if self.restored:
            told += f", and about {self.restored} objects of the start state before them"
        if not self.identified:
            told += (
                "; whether that is the server that was recorded cannot be told (neither the uid of the namespace "
                "kube-system nor an etcd cluster's id is known of both)"
            )
        return told
