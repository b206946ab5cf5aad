"""Who of a session's clients is a controller: a closed list. All others are people, and their tools.

Where only the people's requests are driven, the fresh cluster's own controllers act, and do what those of the recording
did (docs/replay.md).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from kproxy.model.exchange import Exchange
from kproxy.replay.effects import agent_of


@dataclass(frozen=True, slots=True)
class Controller:
    """Who it is, told by a caller's name (its beginning where it ends with a colon), or a User-Agent's program."""

    who: str
    caller: str = ""
    program: str = ""


CONTROLLERS: tuple[Controller, ...] = (
    Controller("kube-controller-manager", caller="system:kube-controller-manager", program="kube-controller-manager"),
    Controller("its controllers, each with an account of its own", caller="system:serviceaccount:kube-system:"),
    Controller("kube-scheduler", caller="system:kube-scheduler", program="kube-scheduler"),
    Controller(
        "cloud-controller-manager", caller="system:cloud-controller-manager", program="cloud-controller-manager"
    ),
    Controller("kubelets", caller="system:node:", program="kubelet"),
    Controller("kube-proxy", caller="system:kube-proxy", program="kube-proxy"),
    Controller("an api-server's own client", caller="system:apiserver", program="kube-apiserver"),
    Controller("kwok, which plays nodes", caller="kwok", program="kwok"),
    Controller("a lab's probe, which makes sure of its controllers", caller="kproxy-lab", program="kproxy-lab"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class People:
    """Whose requests are driven: people's; `driven`: and of these clients; `left`: but of none of these.

    A client is named by its caller, or by a part of its User-Agent.
    """

    driven: tuple[str, ...] = ()
    left: tuple[str, ...] = ()

    def keeps(self, exchange: Exchange) -> bool:
        """Whether an exchange is driven."""
        if is_client(exchange, self.left):
            return False
        return is_client(exchange, self.driven) or controller_of(exchange) is None


def controller_of(exchange: Exchange) -> Controller | None:
    """The entry of the list that made a request; None: a person, or a tool."""
    callers, program = _callers_of(exchange), agent_of(exchange).partition("/")[0]
    for each in CONTROLLERS:
        if each.program and each.program == program:
            return each
        if any(each.caller == one or (each.caller.endswith(":") and one.startswith(each.caller)) for one in callers):
            return each
    return None


def is_client(exchange: Exchange, named: Sequence[str]) -> bool:
    """Whether one of these names the client of a request."""
    return any(each in _callers_of(exchange) or each in agent_of(exchange) for each in named)


def _callers_of(exchange: Exchange) -> set[str]:
    """Who asked, and as whom it went on."""
    return {exchange.caller, exchange.forwarded.partition(" ")[0]}
