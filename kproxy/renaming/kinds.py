"""Which values the server chooses, told by their place in a document: a closed list.

Ground: the Kubernetes API conventions («Metadata», «Idempotency», «Table») and two fresh servers compared
(docs/comparing.md): what is not named here must be equal.
"""

import re
from dataclasses import dataclass, field
from enum import StrEnum

from kproxy.model.api import RequestInfo
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.derived import HASH_FIELDS, hash_in, stems


class Kind(StrEnum):
    """A kind of value that the server chooses."""

    UID = "uid"
    NAME = "generated name"
    HASH = "template hash"
    CLUSTER_IP = "cluster ip"
    NODE_PORT = "node port"
    SERVER_PORT = "server port"
    CONTINUE = "continue token"
    AUDIT_ID = "audit id"
    SESSION = "client session"  # the client's choice, drawn anew for each run of it
    PSEUDONYM = "pseudonym"
    ADDRESS = "server address"
    AUTHORITY = "server authority"  # of clients' certificates: how an api-server was started
    DAY = "day"  # on which an api-server was started first
    REVISION = "resourceVersion"
    TIME = "time"
    AGE = "age"
    ALLOCATION = "allocation"


UUID = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?![0-9A-Za-z])")
"""A uid as the api-server makes them (RFC 4122, lower case), standing alone."""

_UUID_LENGTH = 36
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)")
_REVISION = re.compile(r"[0-9]{1,20}")
_LAST_REVISION = (1 << 63) - 1
DATE_COLUMN = "type: date"
"""What a column of a custom resource is called that shows a date: whatever its own name, it is the time since then."""

_AGE_COLUMNS = frozenset({"Age", DATE_COLUMN})
_AGES_OF = {
    "Duration": frozenset({"batch/jobs"}),
    "Last Seen": frozenset({"events", "events.k8s.io/events"}),
    "First Seen": frozenset({"events", "events.k8s.io/events"}),
}
"""Columns that hold ages in Tables of these resources only (k8s.io/kubernetes/pkg/printers/internalversion)."""

_IP_FIELDS = frozenset({"clusterIP", "clusterIPs"})
_PORT_FIELDS = frozenset({"nodePort", "healthCheckNodePort"})
_SERVER_PORTS = frozenset({"port", "targetPort"})
_SERVERS_OWN = ("default", "kubernetes")
_AUTHORITIES = ("kube-system", "extension-apiserver-authentication")
_TRACKING = ("kube-system", "kube-apiserver-legacy-service-account-token-tracking")
_DAY = re.compile(r"[0-9]{4}-[01][0-9]-[0-3][0-9]")
_CA_FILES = frozenset({"client-ca-file", "requestheader-client-ca-file"})
_PEM = "-----BEGIN CERTIFICATE-----"


@dataclass(slots=True)
class Owner:
    """The object that a value belongs to, on both sides.

    `listing`: it is a list, or what a list's request was answered with, and its revision is the store's.
    `revision` is the version of it that is shown ("" if nothing says so), `newest` the latest time of its managers.
    `servers_own`: it says where the api-server itself listens (default/kubernetes: Service, Endpoints, EndpointSlice).
    `authorities`: it says which authorities the api-server believes (kube-system/extension-apiserver-authentication:
    kubernetes/pkg/controlplane/controller/clusterauthenticationtrust).
    `tracking`: it says since which day legacy tokens' use is written down (kube-system/kube-apiserver-legacy-service-
    account-token-tracking: kubernetes/pkg/controlplane/controller/legacytokentracking).
    `resource`: what was asked for, `apps/deployments`, "" if nothing says so: revisions of collections go by it.
    """

    uid: str = ""
    listing: bool = False
    revision: str = ""
    newest: str = ""
    servers_own: bool = False
    authorities: bool = False
    tracking: bool = False
    resource: str = ""


def resource_of(info: RequestInfo) -> str:
    """What a request is for, as `Owner.resource` has it; a subresource's answers are of its resource's revisions."""
    return f"{info.group}/{info.resource}" if info.group else info.resource


def owner_of(metadata: JSONObject, outer: Owner) -> Owner | None:
    """Whose the fields beside this metadata are; None if it has no uid. `outer` says a stored value's revision."""
    uid, revision = metadata.get("uid"), metadata.get("resourceVersion")
    if not isinstance(uid, str):
        return None
    managers = metadata.get("managedFields")
    times = [each.get("time") for each in managers if isinstance(each, dict)] if isinstance(managers, list) else []
    newest = max((time for time in times if isinstance(time, str)), default="")
    name = (metadata.get("namespace"), metadata.get("name"))
    return Owner(
        uid,
        revision=revision if isinstance(revision, str) else outer.revision,
        newest=newest,
        servers_own=name == _SERVERS_OWN,
        authorities=name == _AUTHORITIES,
        tracking=name == _TRACKING,
        resource=outer.resource,
    )


def _is_the_servers(metadata: JSON) -> bool:
    return isinstance(metadata, dict) and (metadata.get("namespace"), metadata.get("name")) == _SERVERS_OWN


@dataclass(slots=True)
class Place:
    """Where a pair of values stands: the field's name, what encloses it on each side, whose it is."""

    key: str = ""
    baseline: JSONObject = field(default_factory=dict)
    replayed: JSONObject = field(default_factory=dict)
    owner: Owner = field(default_factory=Owner)
    column: str = ""  # of a Table, when the value is a cell
    fields: tuple[str, ...] = ()  # the fields on the way here from the owner, without indexes

    def revision_scope(self) -> str:
        """Whose revision a resourceVersion here is: a uid, or "" for a list's."""
        uid = self.baseline.get("uid")
        if isinstance(uid, str):
            return uid
        return "" if self.owner.listing else self.owner.uid  # "" too for a request's that does not say whose it is


def is_time(value: JSON) -> bool:
    """Whether a value is a time as the API writes them (RFC 3339)."""
    return isinstance(value, str) and 20 <= len(value) <= 40 and _TIME.fullmatch(value) is not None


def is_revision(value: JSON) -> bool:
    """Whether a value can be a resourceVersion of an api-server over etcd, which counts in an int64."""
    return isinstance(value, str) and _REVISION.fullmatch(value) is not None and int(value) <= _LAST_REVISION


def classify(place: Place, baseline: JSON, replayed: JSON) -> Kind | None:
    """The kind of a pair of leaves, or None when the server has no choice there."""
    key = place.key
    if isinstance(baseline, str) and isinstance(replayed, str):
        return _classify_text(place, key, baseline, replayed)
    if key in _PORT_FIELDS and type(baseline) is int and type(replayed) is int:
        return Kind.NODE_PORT
    if key in _SERVER_PORTS and place.owner.servers_own and type(baseline) is int and type(replayed) is int:
        return Kind.SERVER_PORT
    return None


def _classify_text(place: Place, key: str, baseline: str, replayed: str) -> Kind | None:
    if is_time(baseline) and is_time(replayed):
        return Kind.TIME
    if place.column == "Ports" and baseline.isdecimal() and replayed.isdecimal() and _row_of_the_server(place):
        return Kind.SERVER_PORT
    if place.column:
        aged = place.column in _AGE_COLUMNS or place.owner.resource in _AGES_OF.get(place.column, ())
        return Kind.AGE if aged else None
    if len(baseline) == len(replayed) == _UUID_LENGTH and UUID.fullmatch(baseline) and UUID.fullmatch(replayed):
        return Kind.UID
    if key in HASH_FIELDS:
        return Kind.HASH if hash_in(baseline) and hash_in(replayed) else None
    return _classify_field(place, key, baseline, replayed)


def _row_of_the_server(place: Place) -> bool:
    shown = place.baseline.get("object")
    return isinstance(shown, dict) and _is_the_servers(shown.get("metadata"))


def _classify_field(place: Place, key: str, baseline: str, replayed: str) -> Kind | None:
    """What only the field's name can tell."""
    if key in {"resourceVersion", "value"}:
        there = _revision_field(place, key) and is_revision(baseline) and is_revision(replayed)
        return Kind.REVISION if there else None
    if key == "name":
        return Kind.NAME if stems(place.baseline, place.replayed, baseline, replayed) is not None else None
    if key in _IP_FIELDS:
        return Kind.CLUSTER_IP if _address(baseline) and _address(replayed) else None
    if key == "continue":
        return Kind.CONTINUE if place.owner.listing else None
    if key in {"data", "serverAddress"}:
        allocates = key == "data" and place.baseline.get("kind") == "RangeAllocation"
        return Kind.ADDRESS if key == "serverAddress" else Kind.ALLOCATION if allocates else None
    return _of_its_start(place.owner, key, baseline, replayed)


def _of_its_start(owner: Owner, key: str, baseline: str, replayed: str) -> Kind | None:
    """How, and on which day, an api-server was started, where it says so itself."""
    if key in _CA_FILES and owner.authorities and baseline.startswith(_PEM) and replayed.startswith(_PEM):
        return Kind.AUTHORITY
    if key == "since" and owner.tracking and _DAY.fullmatch(baseline) and _DAY.fullmatch(replayed):
        return Kind.DAY
    return None


def _revision_field(place: Place, key: str) -> bool:
    """resourceVersion, and the value of a JSON patch's operation on it."""
    return key == "resourceVersion" or (key == "value" and place.baseline.get("path") == "/metadata/resourceVersion")


def _address(value: str) -> bool:
    return 2 <= len(value) <= 45 and all(c in "0123456789abcdef.:" for c in value)
