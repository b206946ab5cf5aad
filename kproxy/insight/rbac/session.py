"""`kproxy rbac`: for each caller of a session the least rights that its requests needed."""

from dataclasses import dataclass, field

from kproxy.insight.clients import CREDENTIAL
from kproxy.insight.rbac.grants import KnownRoles, grant_need
from kproxy.insight.rbac.learned import Learned, learn
from kproxy.insight.rbac.needs import (
    Passed,
    further_needs,
    impersonation_needs,
    is_role_write,
    own_need,
    passed_as,
    streaming_need,
)
from kproxy.insight.rbac.permission import Permission, is_everybodys
from kproxy.insight.rbac.rules import bounded_names, without_covered
from kproxy.model.exchange import Exchange, Seq, header
from kproxy.model.recording import Recording

MOST_NAMES = 50
"""Names of one resource that a rule lists, if nothing else is asked for."""
_MOST = 200_000
"""Permissions of one caller that are told apart; what more there are is counted as left out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What is asked for. `most_names`: 0 for rules without names; `defaults`: with what everybody has anyway."""

    most_names: int = MOST_NAMES
    defaults: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Use:
    """How a permission was used: by how many requests, and the first of them."""

    requests: int
    first: Seq


@dataclass(frozen=True, slots=True, kw_only=True)
class Rights:
    """What one caller needed.

    `caller`: as the server calls it where its answers said so, else as kproxy knows it, which may be only a
    credential's pseudonym (`named` is False then). `permissions`: the least ones, covered ones taken away. `used`:
    every single permission that was used. Counts of requests: all, `refused` by the server, `unanswered`,
    `ungrantable`: no rule can say exactly what they asked.
    """

    caller: str
    named: bool
    permissions: frozenset[Permission]
    used: dict[Permission, Use]
    requests: int
    refused: int
    unanswered: int
    ungrantable: int
    made_namespaces: tuple[str, ...] = ()
    generated: tuple[str, ...] = ()


@dataclass(slots=True)
class _Caller:
    used: dict[Permission, Use] = field(default_factory=dict)
    role_writes: list[Seq] = field(default_factory=list)
    requests: int = 0
    refused: int = 0
    unanswered: int = 0
    ungrantable: int = 0
    made: set[str] = field(default_factory=set)
    generated: set[str] = field(default_factory=set)


def rights(recording: Recording, wish: Wish) -> tuple[Rights, ...]:
    """Each caller's, in the order of their names."""
    learned = learn(recording)
    count = _Count(recording, learned)
    for exchange in recording.exchanges():
        count.exchange(exchange)
    count.role_writes()
    return tuple(_rights(name, caller, wish) for name, caller in sorted(count.callers.items()))


class _Count:
    """What is known so far, by caller."""

    def __init__(self, recording: Recording, learned: Learned) -> None:
        self.callers: dict[str, _Caller] = {}
        self._recording = recording
        self._learned = learned
        self._server = _numbers(recording.session.server.version)

    def exchange(self, exchange: Exchange) -> None:
        """One request: the real caller's, or that of whom he plays."""
        real = self._caller(self._learned.user(exchange))
        played = header(exchange.request.headers, "impersonate-user")
        acting = self._caller(played) if played else real
        acting.requests += 1
        if exchange.answer is None:
            acting.unanswered += 1
            return
        passed = passed_as(self._recording, exchange)
        if passed is Passed.NOT:
            acting.refused += 1
            return
        for need in impersonation_needs(exchange) if played else ():
            self._use(real, need, exchange)
        if passed is Passed.WHOLLY:
            self._needs(acting, exchange)
        else:
            acting.refused += 1

    def role_writes(self) -> None:
        """Those who grant rights, when it is known which ones they have."""
        known = KnownRoles()
        for name, caller in self.callers.items():
            for seq in caller.role_writes:
                exchange = self._recording.exchange(seq)
                if exchange is not None:
                    need = grant_need(self._recording, exchange, known, frozenset(caller.used), name)
                    if need is not None:
                        self._use(caller, need, exchange)

    def _needs(self, caller: _Caller, exchange: Exchange) -> None:
        self._use(caller, own_need(exchange), exchange)
        if (too := streaming_need(exchange, self._server)) is not None:
            self._use(caller, too, exchange)
        for need in further_needs(self._recording, exchange):
            self._use(caller, need, exchange)
        if is_role_write(exchange):
            caller.role_writes.append(exchange.seq)

    def _caller(self, name: str) -> _Caller:
        return self.callers.setdefault(name, _Caller())

    def _use(self, caller: _Caller, need: Permission, exchange: Exchange) -> None:
        need = self._lasting(caller, need)
        if not need.grantable or (need not in caller.used and len(caller.used) >= _MOST):
            caller.ungrantable += 1
            return
        before = caller.used.get(need)
        caller.used[need] = Use(
            requests=before.requests + 1 if before else 1, first=before.first if before else exchange.seq
        )

    def _lasting(self, caller: _Caller, need: Permission) -> Permission:
        """As another session would need it: names that the server chooses will be others, namespaces not there yet."""
        resource = need.resource.partition("/")[0]
        if need.name and (need.group, resource, need.namespace, need.name) in self._learned.generated:
            caller.generated.add(resource)
            need = need.of_any_name()
        if need.namespace in self._learned.made:
            caller.made.add(need.namespace)
            need = need.everywhere()
        return need


def _rights(name: str, caller: _Caller, wish: Wish) -> Rights:
    wanted = (each for each in caller.used if wish.defaults or not is_everybodys(each, name))
    return Rights(
        caller=name,
        named=not name.startswith(CREDENTIAL),
        permissions=frozenset(without_covered(bounded_names(wanted, wish.most_names))),
        used=caller.used,
        requests=caller.requests,
        refused=caller.refused,
        unanswered=caller.unanswered,
        ungrantable=caller.ungrantable,
        made_namespaces=tuple(sorted(caller.made)),
        generated=tuple(sorted(caller.generated)),
    )


def _numbers(version: str) -> tuple[int, int] | None:
    """`v1.37.2` is (1, 37)."""
    parts = version.removeprefix("v").split(".")
    if len(parts) < 2 or not all(part.isascii() and part.isdigit() and len(part) < 6 for part in parts[:2]):
        return None
    return int(parts[0]), int(parts[1])
