"""Rights as objects of the API: roles and their bindings, and as YAML that kubectl takes."""

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator

import yaml

from kproxy.insight.rbac.permission import RBAC, Permission
from kproxy.insight.rbac.rules import rules_of
from kproxy.insight.rbac.session import Rights
from kproxy.model.jsontypes import JSON, JSONObject

_SERVICE_ACCOUNT = "system:serviceaccount:"
_LONGEST = 100
_FEW = 4
_WIDTH = 120
_API = f"{RBAC}/v1"


def subject_of(user: str) -> JSONObject:
    """A binding's subject: a service account by its parts, else a user."""
    namespace, _, name = user.removeprefix(_SERVICE_ACCOUNT).partition(":")
    if user.startswith(_SERVICE_ACCOUNT) and namespace and name:
        return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    return {"apiGroup": RBAC, "kind": "User", "name": user}


def role_name(user: str, taken: Iterable[str] = ()) -> str:
    """A name for somebody's roles, other than those that are taken: `kproxy:ada`."""
    plain = re.sub(r"[^A-Za-z0-9:@._-]+", "-", user.removeprefix(_SERVICE_ACCOUNT))[:_LONGEST]
    names = [f"kproxy:{plain}", *(f"kproxy:{plain}-{number}" for number in range(2, 10_000))]
    return next(name for name in names if name not in set(taken))


def documents_of(permissions: frozenset[Permission], name: str, subject: JSONObject) -> list[JSONObject]:
    """A ClusterRole where one is needed, a Role for each namespace, each with its binding behind it."""
    places: defaultdict[str, set[Permission]] = defaultdict(set)
    for permission in permissions:
        places[permission.namespace].add(permission)
    return [document for place in sorted(places) for document in _pair(places[place], place, name, subject)]


def _pair(permissions: set[Permission], namespace: str, name: str, subject: JSONObject) -> Iterator[JSONObject]:
    kind = "Role" if namespace else "ClusterRole"
    metadata: JSONObject = {"name": name, **({"namespace": namespace} if namespace else {})}
    rules: list[JSON] = [rule.as_json() for rule in rules_of(permissions)]
    yield {"apiVersion": _API, "kind": kind, "metadata": metadata, "rules": rules}
    yield {
        "apiVersion": _API,
        "kind": f"{kind}Binding",
        "metadata": dict(metadata),
        "roleRef": {"apiGroup": RBAC, "kind": kind, "name": name},
        "subjects": [subject],
    }


def as_yaml(documents: Iterable[JSONObject]) -> str:
    """For `kubectl apply -f -`."""
    return yaml.dump_all(
        documents, Dumper=_Dumper, sort_keys=False, explicit_start=True, default_flow_style=None, width=_WIDTH
    )


class _Dumper(yaml.SafeDumper):
    """Without anchors: a subject that is said twice is written twice."""

    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def notes_of(found: Rights) -> list[str]:
    """What one should know before using them, as sentences."""
    notes = []
    if not found.permissions:
        notes.append("it needed no rights but those that everybody has")
    if not found.named:
        notes.append("which user this is only the server knows: --user NAME says it")
    if found.refused:
        notes.append(f"{found.refused} requests were refused: no rights are given for them")
    if found.unanswered:
        notes.append(f"{found.unanswered} requests had no answer: whether they were allowed is not known")
    if found.ungrantable:
        notes.append(f"{found.ungrantable} requests asked for what no rule can grant exactly")
    if found.made_namespaces:
        places = ", ".join(found.made_namespaces)
        notes.append(
            f"rights in {places} are cluster-wide: no Role can be there before the session makes the namespace"
        )
    if found.generated:
        notes.append(f"the server chose names of {_listed(found.generated)}: rules cannot name them beforehand")
    return notes


def _listed(names: tuple[str, ...]) -> str:
    """A few of them."""
    more = len(names) - _FEW
    return ", ".join(names[:_FEW]) + (f" and {more} more" if more > 0 else "")
