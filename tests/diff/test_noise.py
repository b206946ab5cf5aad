"""kproxy.diff.noise: each rule hides what its place says, and nothing beside it.

A scene for each rule: two servers that differ in what the rule is for, and edits just beside, each of which must still
be found. A rule without a scene, or a scene without an edit, fails.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial

import pytest

from kproxy.diff.findings import Counting, Findings
from kproxy.diff.noise import (
    BOOKMARKS,
    CERTIFICATES,
    CLOSED,
    COMPRESSED,
    EMULATED,
    FRAMING,
    HEARTBEATS,
    INITIAL,
    METRICS,
    NO_TIME,
    OPENAPI,
    OVERLAP,
    PUBLISHED,
    REPAIRED,
    RULES,
    STARTUP,
    TAIL,
    THROTTLED,
    Rule,
)
from kproxy.model.exchange import End, Headers, Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome
from kproxy.wire.content import decode, encode
from kproxy.wire.mediatype import JSON as JSON_TYPE
from kproxy.wire.mediatype import PROTOBUF
from tests.diff.sessions import PODS, SECOND, FakeServer, verdict_of

LIVE = f"{PODS}?watch=true&resourceVersion=1"
FROM_ANYWHERE = f"{PODS}?watch=true"
SECRETS = "/api/v1/namespaces/default/secrets"

type Servers = tuple[FakeServer, FakeServer]
type Build = Callable[[str], Servers]


@dataclass(frozen=True)
class Scene:
    """Where a rule hides something. `build` makes the two servers, with an edit by name; "": none."""

    rule: Rule
    build: Build
    edits: tuple[str, ...]


def servers() -> Servers:
    """A server, and another one."""
    return FakeServer("a", 100, 7), FakeServer("b", 5000, 15)


def event(kind: str, value: JSON) -> JSONObject:
    """A watch event."""
    return {"type": kind, "object": value}


def bookmark(server: FakeServer, revision: int, **annotations: JSON) -> JSONObject:
    """A bookmark."""
    metadata: JSONObject = {"resourceVersion": str(server.base + revision)}
    return event(
        "BOOKMARK", {"kind": "Pod", "metadata": metadata | ({"annotations": annotations} if annotations else {})}
    )


def with_headers(server: FakeServer, seq: Seq, change: Callable[[Headers], Headers]) -> None:
    """An answer's headers, changed."""
    answer = server.made.exchange_list[seq - 1].answer
    assert answer
    server.edit(seq, lambda each: replace(each, answer=replace(answer, headers=change(answer.headers))))


def framing(edit: str) -> Servers:
    """One answer has a length, the other one comes in chunks; the connection ends after one of them."""
    first, second = servers()
    first.exchange("GET", f"{PODS}/a", 200, first.pod(1))
    second.exchange("GET", f"{PODS}/a", 200, second.pod(1, spec={}) if edit == "body" else second.pod(1))

    def chunked(headers: Headers) -> Headers:
        return (*(pair for pair in headers if pair[0] != "Content-Length"), ("Transfer-Encoding", "chunked"))

    def closing(headers: Headers) -> Headers:
        return (*headers, ("Connection", "close"))

    def changed(headers: Headers) -> Headers:
        other = {"length": ("Content-Length", "7"), "coding": ("Transfer-Encoding", "gzip, chunked")}.get(
            edit, ("", "")
        )
        return tuple(other if pair[0] == other[0] else pair for pair in headers)

    if edit == "coding":  # both in chunks, one of them with another coding within
        with_headers(first, Seq(1), chunked)
    if edit != "length":  # both with a length, one of them wrong
        with_headers(second, Seq(1), chunked)
    with_headers(second, Seq(1), lambda headers: changed(closing(headers)))
    if edit == "header":
        with_headers(second, Seq(1), lambda headers: (*headers, ("Trailer", "x")))
    return first, second


COMPRESSED_ABOVE = 128 * 1024
GZIP = {
    "another coding": (("Content-Encoding", "br"), ("Vary", "Accept-Encoding")),
    "no vary": (("Content-Encoding", "gzip"),),
    "vary": (("Content-Encoding", "gzip"), ("Vary", "Accept")),
}
ACCEPTED = {"not asked": "deflate"}
COMPRESSIONS = (*GZIP, *ACCEPTED, "body", "header", "both short", "both long", "the short one", "no resource")


def compressed(edit: str) -> Servers:
    """Two lists, and one is compressed, because its revisions have a digit more."""
    first, second = servers()

    def listed(server: FakeServer, fill: int, word: str = "m") -> JSON:
        return server.listed(1, server.pod(1, status={"message": word * fill}))

    fill = COMPRESSED_ABOVE - len(json.dumps(listed(first, 0)))
    fill += {"both short": -9, "both long": 9}.get(edit, 0)
    path = "/version" if edit == "no resource" else PODS
    first.exchange("GET", path, 200, listed(first, fill))
    second.exchange("GET", path, 200, listed(second, fill, "n" if edit == "body" else "m"))
    asked = (("Accept-Encoding", ACCEPTED.get(edit, "deflate, gzip;q=0.9")),)
    for server in (first, second):
        server.edit(Seq(1), lambda each: replace(each, request=replace(each.request, headers=asked)))
    coding = GZIP.get(edit, (("Content-Encoding", "gzip"), ("Vary", "Accept-Encoding")))
    with_headers(first if edit == "the short one" else second, Seq(1), lambda headers: (*headers, *coding))
    if edit == "header":
        with_headers(second, Seq(1), lambda headers: (*headers, ("Trailer", "x")))
    return first, second


def bookmarks(edit: str) -> Servers:
    """One watch has a bookmark more."""
    first, second = servers()
    for server in (first, second):
        server.put(1, "/registry/pods/default/a", server.pod(1))
        server.put(2, "/registry/pods/default/b", server.pod(2, "b"))
    end: JSONObject = bookmark(first, 2, **{"k8s.io/initial-events-end": "true"})
    first.watch(LIVE, event("ADDED", first.pod(1)), event("ADDED", first.pod(2, "b")), end)
    shown = [event("ADDED", second.pod(1)), event("ADDED", second.pod(2, "b"))]
    last = bookmark(second, 2, **{"k8s.io/initial-events-end": "true"})
    events = {
        "lost event": [shown[0], last, bookmark(second, 9)],
        "lost end of the initial events": [*shown, bookmark(second, 9)],
        "goes back": [*shown, last, bookmark(second, 1)],
    }.get(edit, [*shown, last, bookmark(second, 9)])
    second.watch(LIVE, *events)
    return first, second


def tail(edit: str) -> Servers:
    """One client still got two events before it left."""
    first, second = servers()
    for server in (first, second):
        for number in (1, 2, 3, 4):
            server.put(number, "/registry/pods/default/a", server.pod(number), version=number)
    end = End.SERVER_GONE if edit == "the server ended it" else End.CLIENT_GONE
    first.watch(LIVE, event("ADDED", first.pod(1)), event("MODIFIED", first.pod(2)), end=end)
    shown = [event("ADDED", second.pod(1)), *(event("MODIFIED", second.pod(number)) for number in (2, 3, 4))]
    events = {
        "what etcd never had": [*shown[:2], event("MODIFIED", second.pod(9))],
        "twice": [*shown[:2], shown[1]],
        "lost before": [shown[0], shown[2]],
        "another state before": [shown[0], event("MODIFIED", second.pod(2, status={"phase": "x"})), shown[2]],
        "another state in it": [*shown[:2], event("MODIFIED", second.pod(3, status={"phase": "x"}))],
        "one lost in it": [*shown[:2], shown[3]],
        "out of order": [*shown[:2], shown[3], shown[2]],
        "ahead of the last one": [shown[0], shown[2], shown[1]],
        "no end": [*shown[:2], event("DELETED", second.pod(3, status={"phase": "x"}))],
    }.get(edit, shown)
    second.watch(LIVE, *events, end=end)
    return first, second


LENGTHS = {"of no length": "", "not all of it": "9999", "torn off at its end": None}


def left_answer(length: str | None, end: End) -> Servers:
    """An answer whose client had left; `length`: what it says of its own, None: what it has."""
    first, second = servers()
    for server in (first, second):
        server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
        answer = server.made.exchange_list[0].answer
        if length is not None and answer is not None:
            kept = tuple(each for each in answer.headers if each[0] != "Content-Length")
            said = replace(answer, headers=(*kept, ("Content-Length", length)) if length else kept)
            server.edit(Seq(1), partial(replace, answer=said))
    second.edit(Seq(1), partial(replace, end=end))
    return first, second


def closed(edit: str) -> Servers:
    """One watch was left by its client, the other one was still seen to end."""
    first, second = servers()
    if edit in LENGTHS:
        end = End.SERVER_GONE if edit == "torn off at its end" else End.CLIENT_GONE
        return left_answer(LENGTHS[edit], end)
    first.watch(LIVE, event("ADDED", first.pod(1)))
    end = End.SERVER_GONE if edit == "torn off" else End.COMPLETE
    second.watch(LIVE, event("DELETED" if edit == "type" else "ADDED", second.pod(1)), end=end)
    return first, second


def initial(edit: str) -> Servers:
    """A watch from anywhere begins with an object's second state."""
    first, second = servers()
    for server in (first, second):
        for number in (1, 2, 3):
            server.put(number, "/registry/pods/default/a", server.pod(number), version=number)
    if edit == "one that came later":
        return _came_later(*servers())
    target = LIVE if edit == "from a revision" else FROM_ANYWHERE
    kinds = ("ADDED", "MODIFIED", "MODIFIED")
    first.watch(target, *(event(kind, first.pod(at)) for at, kind in zip((1, 2, 3), kinds, strict=True)))
    shown = [event("ADDED", second.pod(2)), event("MODIFIED", second.pod(3))]
    events = {
        "as modified": [event("MODIFIED", second.pod(2)), shown[1]],
        "a later state lost": [event("ADDED", second.pod(1)), event("MODIFIED", second.pod(3))],
        "another state": [event("ADDED", second.pod(2, status={"phase": "x"})), shown[1]],
        "none at all": [],
    }.get(edit, shown)
    second.watch(target, *events)
    return first, second


def _came_later(*both: FakeServer) -> Servers:
    """An object is made and deleted while a watch goes on, and one of the two watches does not show it."""
    target = f"{FROM_ANYWHERE}&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true"
    for server in both:
        server.put(1, "/registry/pods/default/a", server.pod(1))
        server.put(2, "/registry/pods/default/b", server.pod(2, "b"))
        server.delete(3, "/registry/pods/default/b")
        shown = [event("ADDED", server.pod(1)), bookmark(server, 1, **{"k8s.io/initial-events-end": "true"})]
        later = [event("ADDED", server.pod(2, "b")), event("DELETED", server.pod(3, "b"))]
        server.watch(target, *shown, *(later if server is both[0] else []))
    return both[0], both[1]


def heartbeats(edit: str) -> Servers:
    """An api-server renews its identity, and while the replay goes on it does so once more."""
    first, second = servers()
    watched = "/apis/coordination.k8s.io/v1/leases?watch=true&resourceVersion=1"
    for server in (first, second):
        events = [event("ADDED", _lease(server, 1, "apiserver-x")), event("ADDED", _lease(server, 2, "kube-scheduler"))]
        if server is second:
            name = {"another lease": "kube-scheduler", "not labelled": "apiserver-y"}.get(edit, "apiserver-x")
            events.append(event("DELETED" if edit == "its end" else "MODIFIED", _lease(server, 3, name)))
            events.append(event("MODIFIED", _lease(server, 5, "apiserver-x")))
        holder = "b" if server is second and edit == "another state" else "a"
        events.append(event("MODIFIED", _lease(server, 6, "kube-scheduler") | {"spec": {"holderIdentity": holder}}))
        server.watch(watched, *events)
    return first, second


def _lease(server: FakeServer, revision: int, name: str) -> JSONObject:
    lease = server.pod(revision, name) | {"kind": "Lease"}
    metadata = lease["metadata"]
    assert isinstance(metadata, dict)
    labels: JSONObject = {"apiserver.kubernetes.io/identity": "kube-apiserver"} if name == "apiserver-x" else {}
    return lease | {"metadata": metadata | {"namespace": "kube-system", "labels": labels}}


def openapi(edit: str) -> Servers:
    """One client's cached document still held."""
    first, second = servers()
    path = "/api/v1/pods" if edit == "another path" else "/openapi/v3"
    asked: Headers = () if edit == "not asked" else (("If-None-Match", '"x"'),)
    first.exchange("GET", path, 200, {"a": 1})
    second.exchange("GET", path, 500 if edit == "status" else 304, {"a": 1} if edit == "with content" else None)
    for server in (first, second):
        server.edit(Seq(1), lambda each: replace(each, request=replace(each.request, headers=asked)))
    if edit == "header":
        with_headers(first, Seq(1), lambda headers: (*headers, ("X-Said", "a")))
        with_headers(second, Seq(1), lambda headers: (*headers, ("X-Said", "b")))
    return first, second


def metrics(edit: str) -> Servers:
    """Two servers count other things."""
    first, second = servers()
    path = "/metrics-of-mine" if edit == "another path" else "/metrics"
    first.exchange("GET", path, 200, {"count": 1})
    second.exchange("GET", path, 500 if edit == "status" else 200, {"count": 2})
    if edit == "end":
        second.edit(Seq(1), lambda each: replace(each, end=End.SERVER_GONE))
    return first, second


def startup(edit: str) -> Servers:
    """A server writes an object of its own after its start."""
    first, second = servers()
    for server in (first, second):
        role = server.pod(1, "view")
        server.exchange("PUT", "/apis/rbac.authorization.k8s.io/v1/clusterroles/view", 200, role)
        changed = edit == "what a request wrote" and server is second
        server.put(1, "/registry/clusterroles/view", role | ({"rules": []} if changed else {}), version=1)
    second.put(2, "/registry/services/endpoints/default/kubernetes", second.pod(2, "kubernetes"))
    if edit == "another value of it":
        first.put(2, "/registry/services/endpoints/default/kubernetes", first.pod(2, "kubernetes", subsets=[]))
    if edit == "a key that is not on the list":
        second.exchange("POST", "/api/v1/namespaces/default/endpoints", 201, second.pod(3, "web"))
        first.exchange("POST", "/api/v1/namespaces/default/endpoints", 201, first.pod(3, "web"))
        second.put(3, "/registry/services/endpoints/default/web", second.pod(3, "web"))
    return first, second


def certificates(edit: str) -> Servers:
    """A server warns that a Secret's pseudonyms are no certificate and key."""
    first, second = servers()
    pair = '299 - "tls: failed to find any PEM data in certificate input"'
    said = {"another warning": '299 - "unknown field"'}.get(edit, pair)
    path = PODS if edit == "no secret" else SECRETS
    method = "GET" if edit == "a read" else "POST"
    answer: JSONObject = {"kind": "Secret", "type": "b" if edit == "body" else "a"}
    first.exchange(method, path, 201, {"kind": "Secret", "type": "a"})
    headers: Headers = (("Warning", said), *([("Warning", '299 - "more"')] if edit == "one more" else ()))
    second.exchange(method, path, 201, answer, headers=headers)
    return first, second


def emulated(edit: str) -> Servers:
    """A real server stores protobuf, the emulated one JSON."""
    first, second = servers()
    kinds = ("kube-apiserver", "kube-apiserver" if edit == "two real ones" else "emulated")
    for server, kind in zip((first, second), kinds, strict=True):
        data: JSONObject = {"k": "edited" if edit == "value" and server is second else "v"}
        metadata = {key: server.pod(1)["metadata"][key] for key in ("name", "uid", "creationTimestamp")}  # type: ignore[index, call-overload] # it is an object
        value: JSONObject = {"kind": "ConfigMap", "apiVersion": "v1", "metadata": metadata, "data": data}
        server.exchange("POST", "/api/v1/namespaces/default/configmaps", 201, server.pod(1))
        server.put(1, "/registry/configmaps/default/a", value, version=1)
        server.made.session = replace(server.made.session, server=replace(server.made.session.server, kind=kind))
    (change,) = first.made.change_list
    assert change.value
    assert change.value.digest
    written = encode(PROTOBUF, decode(JSON_TYPE, first.made.body(change.value.digest)))
    first.made.change_list[:] = [replace(change, value=first.made.keep(written))]
    return first, second


TAILS = (
    *("what etcd never had", "twice", "lost before", "another state before", "the server ended it"),
    *("another state in it", "one lost in it", "out of order", "ahead of the last one", "no end"),
)
OVERLAPS = ("did not overlap", "what never was", "one is missing", "beside it", "too early", "head")
INITIALS = (
    *("from a revision", "as modified", "a later state lost", "another state", "none at all"),
    "one that came later",
)


def overlapping(edit: str) -> Servers:
    """A list amid the deletion of a pod shows it; the replay's comes behind it."""
    first, second = servers()
    for server in (first, second):
        for name in ("a", "b"):
            server.exchange("POST", PODS, 201, server.pod(1 + (name == "b"), name))
            server.put(1 + (name == "b"), f"/registry/pods/default/{name}", server.pod(1, name), version=1)
        server.exchange("DELETE", f"{PODS}/a", 200, {"kind": "Status", "status": "Success"})
        server.delete(3, "/registry/pods/default/a")
    first.exchange("GET", PODS, 200, first.listed(2, first.pod(1), first.pod(2, "b")))
    last = second.pod(2, "b") | ({"status": {"phase": "x"}} if edit == "what never was" else {})
    items = [] if edit == "one is missing" else [last]
    extra: JSONObject = {"remains": 1} if edit == "beside it" else {}
    head: Headers = (("X-Said", "1"),) if edit == "head" else ()
    second.exchange("GET", PODS, 200, second.listed(2 if edit == "too early" else 3, *items) | extra, headers=head)
    if edit != "did not overlap":
        first.edit(Seq(3), lambda each: replace(each, ended=first.made.exchange_list[3].answered))
    return first, second


def throttled(edit: str) -> Servers:
    """A list is put off in the recording, and answered in the replay."""
    first, second = servers()
    target = f"{PODS}/a/eviction" if edit == "an eviction" else PODS
    method = "POST" if edit in {"a write", "an eviction"} else "GET"
    said: JSONObject = {"kind": "Status", "status": "Failure", "code": 429, "reason": "TooManyRequests"}
    first.exchange(method, target, 429, said, headers=() if edit == "not to come again" else (("Retry-After", "1"),))
    second.exchange(method, target, 403 if edit == "a refusal" else 200, second.listed(2, second.pod(1)))
    return first, second


def published(edit: str) -> Servers:
    """An index lists a definition that has just come; the replay's does not yet."""
    first, second = servers()
    for server in (first, second):
        server.put(1, "/registry/apiextensions.k8s.io/customresourcedefinitions/things.example.org", server.pod(1))
        at = Nanos(SECOND // 2 - (30 * SECOND if edit == "long ago" else 0))
        server.made.change_list[0] = replace(server.made.change_list[0], at=at)
        names = ["api/v1", "apis/apps/v1", "apis/example.org/v1"]
        if server is second:
            names.pop()
        if server is second and edit == "another one":
            names.pop()
        link = "/else" if server is second and edit == "another link" else "/openapi/v3"
        paths: JSONObject = {name: {"serverRelativeURL": f"{link}/{name}"} for name in names}
        head: Headers = (("X-Said", "1"),) if server is second and edit == "head" else ()
        target = "/openapi/v2" if edit == "no index" else "/openapi/v3"
        server.exchange("GET", target, 200, {"paths": paths}, headers=head)
    return first, second


def not_in_time(edit: str) -> Servers:
    """A list is refused because its client left, and comes in the replay."""
    first, second = servers()
    words = "too many" if edit == "other words" else "Timeout: request did not complete within the allotted timeout"
    refused: JSONObject = {"kind": "Status", "status": "Failure", "message": words, "code": 504}
    method = "POST" if edit == "a write" else "GET"
    answered: tuple[int, JSON] = (500, None) if edit == "refused again" else (200, {"kind": "PodList"})
    late, other = (second, first) if edit == "the other way" else (first, second)
    late.exchange(method, PODS, 504, refused)
    other.exchange(method, PODS, *answered)
    if edit == "request":
        asked = (("Accept", "application/yaml"),)
        second.edit(Seq(1), lambda each: replace(each, request=replace(each.request, headers=asked)))
    return first, second


EVENTS = "/api/v1/namespaces/default/events"
REPAIRS = {
    "another note": {"message": "Cluster IP [IPv4]: 10.96.0.9 is not within any configured Service CIDR; recreate"},
    "another reason": {"reason": "ClusterIPAlreadyAllocated"},
    "another reporter": {"reportingComponent": "me"},
}


def repaired(edit: str) -> Servers:
    """A list shows an Event of a server that missed the address of a Service; the other server did not miss it."""
    first, second = servers()
    for server in (first, second):
        service: JSONObject = {"kind": "Service", "metadata": {"name": "a", "namespace": "default"}}
        address: JSONObject = {"kind": "IPAddress", "metadata": {"name": "10.96.0.9"}}
        late = edit == "no address" and server is second
        server.put(3 if late else 1, "/registry/ipaddresses/10.96.0.9", address)
        server.put(2, "/registry/services/specs/default/a", service)
    named: JSONObject = {"kind": "Service", "name": "a", "resourceVersion": str(second.base + 2)}
    told: JSONObject = {
        "kind": "Event",
        "involvedObject": named,
        "message": "Cluster IP [IPv4]: 10.96.0.9 is not allocated; repairing",
        "reason": "ClusterIPNotAllocated",
        "action": "ClusterIPAllocation",
        "reportingComponent": "ipallocator-repair-controller",
        **REPAIRS.get(edit, {}),
    }
    path = PODS if edit == "no events" else EVENTS
    for server, more in ((first, ()), (second, (second.pod(4, "a.1") | told,))):
        value = server.listed(5, *more, *([] if edit == "one more" and server is first else [server.pod(5, "b")]))
        server.exchange("GET", path, 200, value | {"kind": "EventList"})
    return first, second


def test_who_left_an_answer_that_had_come_as_long_as_it_says_is_noise() -> None:
    first, second = left_answer(None, End.CLIENT_GONE)
    for servers_ in ((first, second), (second, first)):
        assert [each.rule for each in verdict_of(*servers_).noise] == [CLOSED.name]


SCENES = (
    Scene(FRAMING, framing, ("body", "length", "coding", "header")),
    Scene(COMPRESSED, compressed, COMPRESSIONS),
    Scene(BOOKMARKS, bookmarks, ("lost event", "lost end of the initial events", "goes back")),
    Scene(TAIL, tail, TAILS),
    Scene(CLOSED, closed, ("torn off", "type", *LENGTHS)),
    Scene(INITIAL, initial, INITIALS),
    Scene(HEARTBEATS, heartbeats, ("another lease", "not labelled", "its end", "another state")),
    Scene(OPENAPI, openapi, ("another path", "not asked", "status", "with content", "header")),
    Scene(THROTTLED, throttled, ("a write", "an eviction", "not to come again", "a refusal")),
    Scene(PUBLISHED, published, ("long ago", "another one", "another link", "head", "no index")),
    Scene(METRICS, metrics, ("status", "another path", "end")),
    Scene(STARTUP, startup, ("what a request wrote", "another value of it", "a key that is not on the list")),
    Scene(CERTIFICATES, certificates, ("another warning", "no secret", "a read", "body", "one more")),
    Scene(EMULATED, emulated, ("two real ones", "value")),
    Scene(OVERLAP, overlapping, OVERLAPS),
    Scene(NO_TIME, not_in_time, ("the other way", "a write", "other words", "refused again", "request")),
    Scene(REPAIRED, repaired, (*REPAIRS, "no address", "no events", "one more")),
)
MUTANTS = [(scene, edit) for scene in SCENES for edit in scene.edits]


def test_every_rule_has_a_scene_with_edits() -> None:
    assert [scene.rule for scene in SCENES] == list(RULES)
    assert all(scene.edits for scene in SCENES)


@pytest.mark.parametrize("scene", SCENES, ids=lambda scene: scene.rule.name)
def test_a_rule_hides_what_it_is_for_and_strict_does_not(scene: Scene) -> None:
    verdict = verdict_of(*scene.build(""))
    assert verdict.differences == ()
    assert (verdict.outcome, [each.rule for each in verdict.noise]) == (Outcome.EQUIVALENT, [scene.rule.name])
    strict = verdict_of(*scene.build(""), strict=True)
    assert strict.outcome in {Outcome.DIFFERENT, Outcome.INCONCLUSIVE}
    assert strict.noise == ()


@pytest.mark.parametrize(("scene", "edit"), MUTANTS, ids=lambda part: part if isinstance(part, str) else part.rule.name)
def test_an_edit_just_beside_the_place_of_a_rule_is_still_a_difference(scene: Scene, edit: str) -> None:
    verdict = verdict_of(*scene.build(edit))
    assert verdict.outcome is Outcome.DIFFERENT
    assert verdict.differences


def test_each_rule_has_a_name_of_its_own_a_ground_and_a_place() -> None:
    assert len({rule.name for rule in RULES}) == len(RULES)
    assert all(rule.ground and rule.place for rule in RULES)


def test_what_a_rule_hides_is_counted_and_strict_hides_nothing() -> None:
    findings = Findings(strict=False)
    assert findings.hide(FRAMING)
    assert findings.hide(FRAMING)
    assert [(each.rule, each.count, each.source) for each in findings.noise_counts()] == [
        ("answer-framing", 2, "built-in")
    ]
    assert not Findings(strict=True).hide(FRAMING)


def test_a_unit_is_different_before_it_is_equivalent() -> None:
    findings = Findings(strict=False)
    counting = Counting(findings)
    with counting:
        findings.hide(BOOKMARKS)
        findings.differ(None, "body", "$", "changed", 1, 2)
    with counting:
        findings.hide(BOOKMARKS)
    with counting:
        pass
    tally = counting.tally()
    assert (tally.compared, tally.different, tally.equivalent, tally.identical) == (3, 1, 1, 1)
