"""What an exchange does, as far as the order of others depends on it: it reads, changes, or connects. Pure."""

from kproxy.model.api import WRITE_VERBS, ObjectRef
from kproxy.model.exchange import Exchange, header
from kproxy.model.jsontypes import JSONObject
from kproxy.model.many import frozen_by_type
from kproxy.renaming.target import parameter

_CONNECTS = frozenset({"exec", "attach", "portforward", "proxy", "log"})
"""Subresources whose requests pass something through, and change nothing in etcd."""

_ASKS = frozenset({"authentication.k8s.io", "authorization.k8s.io"})
"""Groups whose creations are questions (TokenReview, SubjectAccessReview): nothing is stored."""


@frozen_by_type(frozen=True, slots=True, kw_only=True)
class Effect:
    """What an exchange does.

    `ref`: the object that it is about, None: a collection, or no resource. `changes`: it changed something, or may
    have: who was refused (4xx) changed nothing, of an error or no answer nobody knows. `writes`: it tried to.
    `sent`, `told`: of a creation the request's and the answer's document, {} where they are not known.
    """

    exchange: Exchange
    ref: ObjectRef | None
    writes: bool
    changes: bool
    sent: JSONObject
    told: JSONObject

    @property
    def connects(self) -> bool:
        """Whether it passes something through, for as long as that takes."""
        return self.exchange.info.subresource in _CONNECTS or bool(self.exchange.upgrade)

    @property
    def makes(self) -> bool:
        """Whether it makes an object (and none of an object's subresources)."""
        return self.writes and self.exchange.info.verb == "create" and not self.exchange.info.subresource


def writes(exchange: Exchange) -> bool:
    """Whether a request is meant to change something that is stored."""
    info = exchange.info
    return (
        info.verb in WRITE_VERBS
        and info.is_resource
        and info.subresource not in _CONNECTS
        and info.group not in _ASKS
        and parameter(exchange.request.target, "dryRun") is None
    )


def changes(exchange: Exchange) -> bool:
    """Whether a request changed something, or may have."""
    return writes(exchange) and (exchange.answer is None or not 300 <= exchange.answer.status < 500)


def ref_of(exchange: Exchange, name: str) -> ObjectRef | None:
    """The object of this name that a request is about; None without a name."""
    info = exchange.info
    if not info.is_resource or not name:
        return None
    return ObjectRef(group=group_of(exchange), resource=info.resource, namespace=info.within, name=name)


def group_of(exchange: Exchange) -> str:
    """The group under which a resource is stored: events are served in two, and are the same objects."""
    info = exchange.info
    return "" if (info.group, info.resource) == ("events.k8s.io", "events") else info.group


def agent_of(exchange: Exchange) -> str:
    """The User-Agent."""
    return header(exchange.request.headers, "user-agent")


def program_of(exchange: Exchange) -> str:
    """Which program called, whatever part of it: `kube-controller-manager/v1.37.2` of a longer User-Agent.

    client-go's parts of one process (its informers, each controller) append their names to a common beginning
    (k8s.io/client-go/rest.AddUserAgent), and act on what the others have seen.
    """
    return agent_of(exchange).partition(" ")[0]
