"""Writes of roles and bindings: whoever grants rights must have them, or `escalate` or `bind`.

The rules are those of pkg/registry/rbac (escalation_check.go and each policybased/storage.go). A session shows which
rights its caller used, so those he has; what a role says beyond them needs the special verb.
"""

from collections.abc import Iterator
from itertools import product

from kproxy.insight.contents import object_in
from kproxy.insight.rbac.permission import RBAC, Permission, is_everybodys
from kproxy.model.api import metadata_of
from kproxy.model.exchange import Exchange
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.model.recording import Recording

_MOST = 10_000
"""Permissions of one role that are looked at; a larger one counts as beyond what the caller has."""

type RoleName = tuple[str, str, str]
"""Kind, namespace ("" of a ClusterRole), name."""


class KnownRoles:
    """Roles as the session's answers showed them: what a binding of them grants."""

    def __init__(self) -> None:
        self._rules: dict[RoleName, JSONObject] = {}

    def see(self, exchange: Exchange, document: JSONObject) -> None:
        """An answer of a write of a role."""
        if exchange.info.resource in {"roles", "clusterroles"}:
            kind = "ClusterRole" if exchange.info.resource == "clusterroles" else "Role"
            name = text(metadata_of(document).get("name"))
            self._rules[kind, exchange.info.namespace, name] = document

    def get(self, name: RoleName) -> JSONObject | None:
        """The role, if it was seen."""
        return self._rules.get(name)


def grant_need(
    recording: Recording, exchange: Exchange, known: KnownRoles, held: frozenset[Permission], user: str
) -> Permission | None:
    """The special verb that a write of a role or binding needed; None where the caller has what he grants."""
    info, answer = exchange.info, exchange.answer
    if answer is None:
        return None
    document = object_in(recording, answer.headers, answer.body)
    known.see(exchange, document)
    if info.resource in {"roles", "clusterroles"}:
        if _is_held(document, info.namespace, held, user):
            return None
        return Permission(verb="escalate", group=RBAC, resource=info.resource, namespace=info.namespace, name=info.name)
    ref = document.get("roleRef")
    if info.resource not in {"rolebindings", "clusterrolebindings"} or not isinstance(ref, dict):
        return None
    kind, name = text(ref.get("kind")), text(ref.get("name"))
    role = known.get((kind, info.namespace if kind == "Role" else "", name))
    if role is not None and _is_held(role, info.namespace, held, user):
        return None
    resource = "clusterroles" if kind == "ClusterRole" else "roles"
    return Permission(verb="bind", group=RBAC, resource=resource, namespace=info.namespace, name=name)


def _is_held(role: JSONObject, namespace: str, held: frozenset[Permission], user: str) -> bool:
    """Whether all that a role says is among what somebody has in a namespace ("": in the cluster)."""
    if role.get("aggregationRule"):
        return False  # clusterrole/policybased/storage.go: that needs every right there is
    for count, permission in enumerate(_permissions(role, namespace)):
        wider = {permission, permission.of_any_name(), permission.everywhere(), permission.everywhere().of_any_name()}
        if count >= _MOST or not (wider & held or is_everybodys(permission, user)):
            return False
    return True


def _permissions(role: JSONObject, namespace: str) -> Iterator[Permission]:
    rules = role.get("rules")
    for rule in rules if isinstance(rules, list) else []:
        if not isinstance(rule, dict):
            continue
        for verb, path in product(_words(rule.get("verbs")), _words(rule.get("nonResourceURLs"))):
            yield Permission(verb=verb, path=path)
        names = _words(rule.get("resourceNames")) or [""]
        parts = (_words(rule.get("verbs")), _words(rule.get("apiGroups")), _words(rule.get("resources")), names)
        for verb, group, resource, name in product(*parts):
            yield Permission(verb=verb, group=group, resource=resource, namespace=namespace, name=name)


def _words(value: JSON) -> list[str]:
    return [text(each) for each in value] if isinstance(value, list) else []
