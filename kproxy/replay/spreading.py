"""What an api-server learns of by a watch of its own, some time after the write was answered, and whom that concerns.

It says of none of that when it has learned it. So those requests that depend on it are kept back for as long as the
recorded client had given the server, and all others go on. Nobody has to wait where the server looks into etcd itself
before it refuses: for a namespace that is new (k8s.io/apiserver/pkg/admission/plugin/namespace/lifecycle), for a
service account (k8s.io/kubernetes/plugin/pkg/admission/serviceaccount, pkg/controller/serviceaccount). Pure.
"""

from collections.abc import Callable, Container

from kproxy.model.api import WRITE_VERBS
from kproxy.model.exchange import Exchange
from kproxy.replay.barriers import CLASSES, DEFINING, DISCOVERY_PATHS, NEEDS_CLASSES, definition_of
from kproxy.replay.effects import changes
from kproxy.wire.storage import group_of

type Concerned = Callable[[Exchange], bool]
"""Whether a request depends on what is spreading."""

_MAKES = frozenset({"create", "update", "patch"})
_OF_EVERYBODY = frozenset({"rbac.authorization.k8s.io", "flowcontrol.apiserver.k8s.io"})
_READ_IN_ETCD = frozenset({("namespaces", "create"), ("serviceaccounts", "create")})
"""What is looked for there before a request is refused for want of it."""


def spread_by(exchange: Exchange) -> Concerned | None:
    """Whom a write concerns while it spreads; None: there is nothing to wait for."""
    info = exchange.info
    if not info.is_resource or not changes(exchange):
        return None
    if not info.group:
        return _of_the_core(exchange)
    if info.group in _OF_EVERYBODY:
        return _in_namespace(info.namespace) if info.namespace else _everybody
    if info.group in DEFINING:
        return served(definition_of(info.group, info.resource, info.name) if info.name else None)
    return _of_few(exchange)


def _of_few(exchange: Exchange) -> Concerned | None:
    """Of what some writes alone depend on."""
    info = exchange.info
    if info.group == "admissionregistration.k8s.io":
        return lambda other: other.info.verb in WRITE_VERBS
    if (info.group, info.resource) == ("networking.k8s.io", "servicecidrs"):
        return lambda other: (other.info.group, other.info.resource) == ("", "services")
    if (own := CLASSES.get((info.group, info.resource))) is not None:
        return lambda other: own in NEEDS_CLASSES.get((other.info.group, other.info.resource), ())
    return None


def _of_the_core(exchange: Exchange) -> Concerned | None:
    info = exchange.info
    if (info.resource, info.verb) in _READ_IN_ETCD:
        return None
    match info.resource:
        case "namespaces":
            return _in_namespace(info.name, _MAKES)
        case "serviceaccounts":
            return _of_accounts(info.namespace)
        case "resourcequotas" | "limitranges":
            return _in_namespace(info.namespace, WRITE_VERBS)
    return None


def served(group: str | None) -> Concerned:
    """Whom the definition of an API group concerns; None: of one that is not known."""

    def concerned(other: Exchange) -> bool:
        info = other.info
        if not info.is_resource:
            return info.path.startswith(DISCOVERY_PATHS)
        return info.group == group if group is not None else group_of(info.resource) != info.group

    return concerned


def _everybody(_: Exchange) -> bool:
    return True


def _in_namespace(namespace: str, verbs: Container[str] | None = None) -> Concerned:
    return lambda other: other.info.namespace == namespace and (verbs is None or other.info.verb in verbs)


def _of_accounts(namespace: str) -> Concerned:
    """Pods that are made with an account, and requests of an account: it may be another one, or gone."""
    own = f"system:serviceaccount:{namespace}:"

    def concerned(other: Exchange) -> bool:
        info = other.info
        pod = (info.group, info.resource, info.namespace, info.verb) == ("", "pods", namespace, "create")
        return pod or (other.forwarded or other.caller).startswith(own)

    return concerned
