"""What may differ without being a difference: the closed list. Each rule has a ground, a place and a count.

What the server chooses (uids, revisions, times, …) is no noise: it is renamed, see kproxy.renaming. A rule here hides
a difference that is there; every report counts how often, and --strict turns all of them off.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule: its name, why it may hide something, and where it does.

    `source`: built-in | learned | user; `teachers`: the sessions that taught a learned one.
    """

    name: str
    ground: str
    place: str
    source: str = "built-in"
    teachers: tuple[str, ...] = ()


FRAMING = Rule(
    name="answer-framing",
    ground="how an answer's end is marked depends on when its bytes were ready (RFC 9112, 6); its content is compared",
    place="headers Transfer-Encoding, Content-Length, Connection and Keep-Alive of an answer",
)
COMPRESSED = Rule(
    name="compressed-by-size",
    ground="an api-server compresses what is longer than 128 KiB (k8s.io/apiserver/pkg/endpoints/handlers/"
    "responsewriters/writers.go), and how long a list is depends on what the server chose and on its moment; its "
    "content is compared",
    place="headers Content-Encoding: gzip and Vary: Accept-Encoding, both of them, of an answer that is longer than "
    "that, beside none of one that is not",
)
BOOKMARKS = Rule(
    name="watch-bookmarks",
    ground="bookmarks are sent when the server finds it convenient (Kubernetes API concepts, «Watch bookmarks»)",
    place="BOOKMARK events of a watch, but the one that ends the initial events",
)
TAIL = Rule(
    name="watch-tail",
    ground="when a client leaves a watch, what it still got is a race; each such event is what etcd's history has",
    place="events after the last recorded one, in etcd's order and with nothing left out between them, in a watch that "
    "its client left or that came to its end in good order",
)
CLOSED = Rule(
    name="closed-by-client",
    ground="when a client leaves a watch, the server ends the stream in good order, and it is a race whether that is "
    "seen; so is whether a client leaves before it has an answer's last bytes, or with them",
    place="the end of a watch: client-gone, stopped or complete, unless a replay's server ended it before half of its "
    "time was over; of an answer that came as long as its Content-Length says: client-gone or complete",
)
INITIAL = Rule(
    name="watch-initial-state",
    ground="a watch from no certain revision begins with any state from then on (Kubernetes API concepts, «Semantics "
    "for watch»): states before it may be folded into the first event, and what was gone by then is not there; "
    "where the replay's began earlier, each state that it shows more is what its etcd had, none was over when it was "
    "asked for",
    place="first events of an object in a watch without a resourceVersion, or with 0, on either side; all of one that "
    "was deleted before that state",
)

HEARTBEATS = Rule(
    name="server-heartbeats",
    ground="each api-server renews its identity every ten seconds, however long a session takes (k8s.io/apiserver/pkg/"
    "server, pkg/controlplane/controller/apiserverleasegc); what a session's requests change is compared",
    place="ADDED and MODIFIED events of the leases kube-system/apiserver-… in a watch",
)
OPENAPI = Rule(
    name="openapi-not-modified",
    ground="whether a cached OpenAPI document still holds depends on when the server last built its own, which it does "
    "several times while it starts (kube-openapi/pkg/handler3); its content is compared where it is sent",
    place="200 beside 304 for a conditional GET under /openapi/",
)
THROTTLED = Rule(
    name="throttled-there",
    ground="how busy a server is, and whether it has read yet what it serves («storage is (re)initializing»), is its "
    "own affair (k8s.io/apiserver/pkg/server/filters/priority-and-fairness.go, pkg/storage/cacher); its client came "
    "again",
    place="a 429 with Retry-After to a get, list or watch in the recording, beside a 200: never a write (an eviction)",
)
PUBLISHED = Rule(
    name="definitions-published",
    ground="an api-server publishes a definition by itself, some time after etcd has it, and as long after its end "
    "(kube-aggregator/pkg/controllers/openapiv3 looks once a second); a replay waits for what was listed, and no key "
    "tells of it; each index is held against its own etcd of ten seconds before",
    place="what the answers to GET /openapi/v3 and /apis list of the group of a custom resource definition that came, "
    "changed or went in the session, within ten seconds of that; of a group that both list only the resources that "
    "one side lacks, or whose definition was updated or went then; that such an answer is a 304, its ETag",
)
METRICS = Rule(
    name="server-metrics",
    ground="an api-server's metrics are its own times and counts (component-base/metrics); that it answers is compared",
    place="headers and body of an answer under /metrics, not its status",
)
STARTUP = Rule(
    name="server-start",
    ground="an api-server goes on to write objects of its own after it says that it is ready (kproxy.diff.startup)",
    place="changes, by no request of the session, of the keys that are listed there",
)

CERTIFICATES = Rule(
    name="redacted-certificate",
    ground="a Secret's certificate and key are pseudonyms in a recording, and the server warns that what a replay "
    "sends is no pair (k8s.io/kubernetes/pkg/registry/core/secret)",
    place="warnings that begin «tls: », in the answer to a write of a Secret",
)

EMULATED = Rule(
    name="emulated-storage",
    ground="kproxy's own api-server stores JSON, kube-apiserver mostly protobuf; what they say is compared",
    place="what a value in etcd is written in, where one of the two servers is the emulated one",
)

OVERLAP = Rule(
    name="overlapping-requests",
    ground="which of two requests that overlap comes first is a race, and a server may be seen amid one that is two "
    "writes (a pod's deletion: k8s.io/apiserver/pkg/registry/generic/registry/store.go); what is shown is held against "
    "the replay's own etcd at that moment",
    place="a read that overlapped a write of what it shows, in the recording: its moment; deletions of one object that "
    "overlapped there: which of them was carried out; a watch that goes on from such a list's moment: what lies "
    "between the two moments; never a head, nor an object at the recorded version",
)

NO_TIME = Rule(
    name="not-in-time",
    ground="an api-server says so when a read took too long, or when its client left meanwhile (k8s.io/apiserver/pkg/"
    "server/filters/timeout.go); what it would have answered was not recorded",
    place="a 504 of these words to a get or list in the recording, beside a 200: never the other way",
)

REPAIRED = Rule(
    name="address-repair-events",
    ground="an api-server's repair loop may see a Service before its address, and says in an Event that it repairs "
    "what was there (k8s.io/kubernetes/pkg/registry/core/service/ipallocator/controller/repairip.go): a race of the "
    "server with itself; Services and addresses are compared",
    place="an Event «Cluster IP … is not allocated; repairing» of the ipallocator-repair-controller that only one "
    "side's list, watch or deleted collection of events shows, where etcd had the address at the version of the "
    "Service that it names, or has nothing of it in the session",
)

RULES: tuple[Rule, ...] = (
    FRAMING,
    COMPRESSED,
    BOOKMARKS,
    TAIL,
    CLOSED,
    INITIAL,
    HEARTBEATS,
    OPENAPI,
    THROTTLED,
    PUBLISHED,
    METRICS,
    STARTUP,
    CERTIFICATES,
    EMULATED,
    OVERLAP,
    NO_TIME,
    REPAIRED,
)
"""All rules there are."""
