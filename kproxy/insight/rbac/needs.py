"""What a request needed: the question to the authorizer that each one is, and those that some ask beside it."""

from collections.abc import Iterator
from enum import Enum, auto
from urllib.parse import unquote

from kproxy.insight.contents import object_in
from kproxy.insight.rbac.permission import RBAC, Permission
from kproxy.insight.rbac.refusal import refusal_of
from kproxy.model.exchange import End, Exchange
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.recording import Recording

CERTIFICATES = "certificates.k8s.io"
_AUTHENTICATION = "authentication.k8s.io"
_SERVICE_ACCOUNT = "system:serviceaccount:"
_EXTRA = "impersonate-extra-"
_UNASKED = frozenset({401, 429})
"""Answers from before the authorizer is asked (k8s.io/apiserver/pkg/server/config.go, DefaultBuildHandlerChain)."""
_NOT_THE_SERVERS = frozenset({End.REFUSED, End.UNREACHABLE})
_STREAMING = frozenset({"exec", "attach", "portforward"})
_CREATE_TOO_SINCE = (1, 35)
_WRITES = frozenset({"create", "update", "patch"})


class Passed(Enum):
    """How far a request came with the server's authorizer."""

    NOT = auto()
    AS_ANOTHER = auto()  # to be whom it impersonates was granted, what it asked was not
    WHOLLY = auto()  # what became of it afterwards does not matter


def passed_as(recording: Recording, exchange: Exchange) -> Passed:
    """Of a request that got an answer."""
    answer = exchange.answer
    if answer is None or exchange.end in _NOT_THE_SERVERS or answer.status in _UNASKED:
        return Passed.NOT
    refusal = refusal_of(recording, exchange)
    if refusal is None or refusal.verb not in {exchange.info.verb, "impersonate"}:
        return Passed.WHOLLY
    return Passed.NOT if refusal.verb == "impersonate" else Passed.AS_ANOTHER


def own_need(exchange: Exchange) -> Permission:
    """The question that the request itself is (endpoints/filters/authorization.go, GetAuthorizerAttributes)."""
    info = exchange.info
    if not info.is_resource:
        return Permission(verb=info.verb, path=info.path)
    resource = f"{info.resource}/{info.subresource}" if info.subresource else info.resource
    return Permission(verb=info.verb, group=info.group, resource=resource, namespace=info.within, name=info.name)


def impersonation_needs(exchange: Exchange) -> Iterator[Permission]:
    """What the real caller needs to be somebody else (endpoints/filters/impersonation)."""
    for field, value in exchange.request.headers:
        name = field.lower()
        if name == "impersonate-user":
            yield _impersonated(value)
        elif name == "impersonate-group":
            yield Permission(verb="impersonate", resource="groups", name=value)
        elif name == "impersonate-uid":
            yield Permission(verb="impersonate", group=_AUTHENTICATION, resource="uids", name=value)
        elif name.startswith(_EXTRA):
            extra = f"userextras/{unquote(name.removeprefix(_EXTRA))}"
            yield Permission(verb="impersonate", group=_AUTHENTICATION, resource=extra, name=value)


def _impersonated(user: str) -> Permission:
    namespace, _, name = user.removeprefix(_SERVICE_ACCOUNT).partition(":")
    if user.startswith(_SERVICE_ACCOUNT) and namespace and name:
        return Permission(verb="impersonate", resource="serviceaccounts", namespace=namespace, name=name)
    return Permission(verb="impersonate", resource="users", name=user)


def further_needs(recording: Recording, exchange: Exchange) -> Iterator[Permission]:
    """What the server asks beside, of requests that it has granted; for roles and bindings see grants."""
    info, answer = exchange.info, exchange.answer
    if answer is None or not info.is_resource or answer.status >= 300:
        return
    own = own_need(exchange)
    if info.verb in {"update", "patch"} and answer.status == 201:
        # handlers/update.go and patch.go: withAuthorization
        yield Permission(verb="create", group=own.group, resource=own.resource, namespace=own.namespace, name=own.name)
    if info.group == CERTIFICATES and info.verb in _WRITES:
        yield from _signer_needs(exchange, object_in(recording, answer.headers, answer.body))


def streaming_need(exchange: Exchange, server: tuple[int, int] | None) -> Permission | None:
    """exec, attach and port-forward by GET, as WebSocket has it, ask for `create` as well since 1.35.

    `server`: its version's two numbers, None where it is not known. The gate is
    AuthorizePodWebsocketUpgradeCreatePermission (pkg/registry/core/pod/rest/subresources.go).
    """
    own = own_need(exchange)
    pod = (exchange.info.group, exchange.info.resource) == ("", "pods")
    if not pod or exchange.info.subresource not in _STREAMING or own.verb != "get":
        return None
    if server is not None and server < _CREATE_TOO_SINCE:
        return None
    return Permission(verb="create", resource=own.resource, namespace=own.namespace, name=own.name)


def _signer_needs(exchange: Exchange, document: JSONObject) -> Iterator[Permission]:
    """The admission plugins CertificateApproval, CertificateSigning and ClusterTrustBundleAttest."""
    spec = document.get("spec")
    signer = text(spec.get("signerName")) if isinstance(spec, dict) else ""
    verbs = {
        ("certificatesigningrequests", "approval"): "approve",
        ("certificatesigningrequests", "status"): "sign",
        ("clustertrustbundles", ""): "attest",
    }
    verb = verbs.get((exchange.info.resource, exchange.info.subresource), "")
    if signer and verb:
        yield Permission(verb=verb, group=CERTIFICATES, resource="signers", name=signer)


def is_role_write(exchange: Exchange) -> bool:
    """Whether it granted rights: then RBAC asks whether the caller has them, or may grant what he has not."""
    info, answer = exchange.info, exchange.answer
    succeeded = answer is not None and 200 <= answer.status < 300
    return succeeded and info.group == RBAC and info.verb in _WRITES and not info.subresource
