"""kproxy.insight.rbac.learned."""

from kproxy.insight.clients import NO_CREDENTIAL
from kproxy.insight.rbac.learned import learn
from kproxy.insight.rbac.permission import ANONYMOUS
from kproxy.model.exchange import IdentityMode
from kproxy.model.jsontypes import JSON, JSONObject
from tests.support.told import Told

PODS = "/api/v1/namespaces/default/pods"
SHOWN = (("Authorization", "Bearer kproxy-redacted-d101b00791d3b73209bd4f29359e40fdda0de932"),)


def pod(name: str, generate: str = "") -> JSONObject:
    metadata: JSONObject = {"name": name, "namespace": "default"}
    return {"kind": "Pod", "metadata": metadata | ({"generateName": generate} if generate else {})}


def test_names_that_the_server_chose_are_known_from_creates_and_from_reads() -> None:
    told = Told()
    told.ask("POST", PODS, 201, answer=pod("web-abcde", "web-"))
    told.ask("POST", PODS, 201, answer=pod("plain"))
    told.ask("GET", f"{PODS}/old-xyzzy", answer=pod("old-xyzzy", "old-"))
    told.ask("GET", f"{PODS}/gone-12345", 404, answer={"kind": "Status"})
    assert learn(told.recording).generated == {
        ("", "pods", "default", "web-abcde"),
        ("", "pods", "default", "old-xyzzy"),
    }


def test_a_name_that_only_looks_alike_was_said_by_the_client() -> None:
    told = Told()
    told.ask("POST", PODS, 201, answer=pod("web-mine", "web-"))
    told.ask("PUT", f"{PODS}/other", answer=pod("other", "web-"))
    assert learn(told.recording).generated == set()


def test_namespaces_that_begin_or_end_in_the_session_are_known() -> None:
    told = Told()
    told.ask("POST", "/api/v1/namespaces", 201, answer={"kind": "Namespace", "metadata": {"name": "made"}})
    told.ask("DELETE", "/api/v1/namespaces/ended")
    told.ask("GET", "/api/v1/namespaces/there", answer={"kind": "Namespace", "metadata": {"name": "there"}})
    told.ask("POST", "/api/v1/namespaces", 409, answer={"kind": "Status"})
    assert learn(told.recording).made == {"made", "ended"}


def test_the_server_names_those_whom_it_refuses_and_who_asks_who_he_is() -> None:
    told = Told()
    message = 'pods is forbidden: User "ada" cannot list resource "pods" in API group ""'
    told.ask("GET", PODS, 403, identity=IdentityMode.PASS, headers=SHOWN, answer={"message": message})
    review: JSON = {"status": {"userInfo": {"username": "bob@example.com"}}}
    reviews = "/apis/authentication.k8s.io/v1/selfsubjectreviews"
    told.ask("POST", reviews, 201, caller="bob", answer=review)
    learned = learn(told.recording)
    assert learned.users == {"credential d101b007": "ada", "bob": "bob@example.com", NO_CREDENTIAL: ANONYMOUS}


def test_what_is_said_of_whom_somebody_plays_is_not_said_of_him() -> None:
    told = Told()
    message = 'pods is forbidden: User "bob" cannot list resource "pods" in API group ""'
    told.ask("GET", PODS, 403, headers=(("Impersonate-User", "bob"),), answer={"message": message})
    assert "ada" not in learn(told.recording).users


def test_a_dry_run_makes_and_ends_nothing() -> None:
    told = Told()
    made: JSON = {"kind": "Namespace", "metadata": {"name": "made"}}
    told.ask("DELETE", "/api/v1/namespaces/prod", body={"kind": "DeleteOptions", "dryRun": ["All"]})
    told.ask("DELETE", "/api/v1/namespaces/prod?dryRun=All")
    told.ask("POST", "/api/v1/namespaces?dryRun=All", 201, answer=made)
    told.ask("PATCH", "/api/v1/namespaces/made?dryRun=All", 201, answer=made)
    told.ask("POST", f"{PODS}?dryRun=All", 201, answer=pod("web-abcde", "web-"))
    learned = learn(told.recording)
    assert learned.made == set()
    assert learned.generated == set()
    told.ask("DELETE", "/api/v1/namespaces/prod", body={"kind": "DeleteOptions"})
    assert learn(told.recording).made == {"prod"}


def test_a_namespace_that_an_apply_or_an_update_makes_begins_in_the_session() -> None:
    told = Told()
    for method, name, status in (("PATCH", "applied", 201), ("PUT", "put", 201), ("PATCH", "there", 200)):
        answer: JSON = {"kind": "Namespace", "metadata": {"name": name}}
        told.ask(method, f"/api/v1/namespaces/{name}", status, answer=answer)
    assert learn(told.recording).made == {"applied", "put"}
