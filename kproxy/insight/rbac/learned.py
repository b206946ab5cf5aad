"""What has to be known of a whole session before one request's rights can be told."""

from dataclasses import dataclass, field

from kproxy.insight.clients import NO_CREDENTIAL, user_of
from kproxy.insight.contents import object_in
from kproxy.insight.rbac.permission import ANONYMOUS
from kproxy.insight.rbac.refusal import refusal_of
from kproxy.model.api import metadata_of
from kproxy.model.exchange import Exchange, header
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.recording import Recording
from kproxy.wire.requestinfo import first_values

_MOST = 100_000
"""Names of objects that are looked at."""
_SUFFIX = 5
"""Characters that the server puts behind a generateName (k8s.io/apiserver/pkg/storage/names)."""
_OBJECT_VERBS = frozenset({"create", "get", "update", "patch", "delete"})

type ObjectName = tuple[str, str, str, str]
"""Group, resource, namespace, name."""


@dataclass(slots=True)
class Learned:
    """`generated`: objects whose names the server chose; `made`: namespaces that began or ended in the session.

    `users`: what the server calls a caller that kproxy knows by another name, or by a credential only.
    """

    generated: set[ObjectName] = field(default_factory=set)
    made: set[str] = field(default_factory=set)
    users: dict[str, str] = field(default_factory=lambda: {NO_CREDENTIAL: ANONYMOUS})

    def user(self, exchange: Exchange) -> str:
        """Who called, by the server's name where that is known."""
        name = user_of(exchange)
        return self.users.get(name, name)


def learn(recording: Recording) -> Learned:
    """Go through a recording once."""
    learned = Learned()
    seen: set[ObjectName] = set()
    for exchange in recording.exchanges():
        answer = exchange.answer
        if answer is None:
            continue
        if answer.status == 403:
            _learn_refused(learned, recording, exchange)
        elif 200 <= answer.status < 300 and exchange.info.is_resource and exchange.info.verb in _OBJECT_VERBS:
            _learn_object(learned, seen, recording, exchange)
    return learned


def _learn_refused(learned: Learned, recording: Recording, exchange: Exchange) -> None:
    refusal = refusal_of(recording, exchange)
    if refusal is not None and not header(exchange.request.headers, "impersonate-user"):
        learned.users.setdefault(user_of(exchange), refusal.user)


def _learn_object(learned: Learned, seen: set[ObjectName], recording: Recording, exchange: Exchange) -> None:
    info = exchange.info
    if "dryRun" in first_values(exchange.request.target.partition("?")[2]):
        return
    if _begins_or_ends(recording, exchange):
        learned.made.add(info.name)
    named = (info.group, info.resource, info.namespace, info.name)
    if info.subresource or exchange.answer is None or (info.name and (named in seen or len(seen) >= _MOST)):
        return
    document = object_in(recording, exchange.answer.headers, exchange.answer.body)
    if info.name:
        seen.add(named)
    _learn_name(learned, exchange, document)
    plays = header(exchange.request.headers, "impersonate-user")
    if info.resource == "selfsubjectreviews" and not plays and (user := _reviewed(document)):
        learned.users[user_of(exchange)] = user


def _begins_or_ends(recording: Recording, exchange: Exchange) -> bool:
    """Whether it is a request by its name that made a namespace, as an apply can, or deletes one.

    `kubectl delete --dry-run=server` says so in the body.
    """
    info, request = exchange.info, exchange.request
    if (info.group, info.resource, info.subresource) != ("", "namespaces", "") or not info.name:
        return False
    if info.verb == "delete":
        return not object_in(recording, request.headers, request.body).get("dryRun")
    return info.verb in {"update", "patch"} and exchange.answer is not None and exchange.answer.status == 201


def _learn_name(learned: Learned, exchange: Exchange, document: JSONObject) -> None:
    info, metadata = exchange.info, metadata_of(document)
    name, generated = text(metadata.get("name")), text(metadata.get("generateName"))
    if (info.group, info.resource, info.verb) == ("", "namespaces", "create") and name:
        learned.made.add(name)
    if generated and name.startswith(generated) and len(name) == len(generated) + _SUFFIX:
        namespace = text(metadata.get("namespace")) or info.namespace
        if len(learned.generated) < _MOST:
            learned.generated.add((info.group, info.resource, namespace, name))


def _reviewed(document: JSONObject) -> str:
    """Whom a SelfSubjectReview's answer names."""
    status = document.get("status")
    user = status.get("userInfo") if isinstance(status, dict) else None
    return text(user.get("username")) if isinstance(user, dict) else ""
