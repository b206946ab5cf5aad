"""kproxy.insight.rbac.session."""

from dataclasses import replace

from kproxy.insight.rbac.permission import RBAC, Permission
from kproxy.insight.rbac.session import Rights, Use, Wish, rights
from kproxy.model.exchange import IdentityMode, Seq
from kproxy.model.session import Server
from tests.support.told import Told

PODS = "/api/v1/namespaces/default/pods"
MAPS = "/api/v1/namespaces/default/configmaps"
NO_LISTING = {"message": 'pods is forbidden: User "ada" cannot list resource "pods" in API group ""'}


def only(told: Told, wish: Wish | None = None) -> Rights:
    (found,) = rights(told.recording, wish or Wish())
    return found


def test_a_caller_needs_what_his_requests_asked_for() -> None:
    told = Told()
    told.ask("GET", PODS)
    told.ask("GET", f"{PODS}/web", 404)
    told.ask("GET", "/metrics")
    found = only(told)
    assert (found.caller, found.named, found.requests) == ("ada", True, 3)
    assert found.permissions == {
        Permission(verb="list", resource="pods", namespace="default"),
        Permission(verb="get", resource="pods", namespace="default", name="web"),
        Permission(verb="get", path="/metrics"),
    }


def test_what_was_refused_or_never_answered_gives_no_right() -> None:
    told = Told()
    told.ask("GET", PODS, 403, answer=NO_LISTING)
    told.ask("GET", PODS, None)
    found = only(told)
    assert (found.permissions, found.refused, found.unanswered) == (frozenset(), 1, 1)


def test_what_everybody_may_is_left_out_unless_it_is_wanted() -> None:
    told = Told()
    told.ask("GET", "/apis")
    assert only(told).permissions == frozenset()
    assert only(told, Wish(defaults=True)).permissions == {Permission(verb="get", path="/apis")}


def test_each_right_knows_its_requests() -> None:
    told = Told()
    told.ask("GET", "/api/v1/nodes")
    told.ask("GET", PODS)
    told.ask("GET", PODS)
    use = only(told).used[Permission(verb="list", resource="pods", namespace="default")]
    assert use == Use(requests=2, first=Seq(2))


def test_names_that_the_server_chose_are_not_named() -> None:
    told = Told()
    answer = {"metadata": {"name": "web-abcde", "generateName": "web-", "namespace": "default"}}
    told.ask("POST", PODS, 201, answer=answer)
    told.ask("DELETE", f"{PODS}/web-abcde")
    told.ask("GET", f"{PODS}/web-abcde/log")
    found = only(told)
    assert all(not each.name for each in found.permissions)
    assert found.generated == ("pods",)


def test_rights_in_a_namespace_that_the_session_makes_are_cluster_wide() -> None:
    told = Told()
    told.ask("POST", "/api/v1/namespaces", 201, answer={"metadata": {"name": "made"}})
    told.ask("POST", "/api/v1/namespaces/made/pods", 201)
    found = only(told)
    assert Permission(verb="create", resource="pods") in found.permissions
    assert found.made_namespaces == ("made",)


def test_whom_somebody_plays_is_a_caller_of_his_own() -> None:
    told = Told()
    told.ask("GET", PODS, headers=(("Impersonate-User", "bob"),))
    ada, bob = rights(told.recording, Wish())
    assert ada.permissions == {Permission(verb="impersonate", resource="users", name="bob")}
    assert bob.permissions == {Permission(verb="list", resource="pods", namespace="default")}
    assert (ada.requests, bob.requests) == (0, 1)


def test_to_play_somebody_is_needed_too_where_he_is_refused() -> None:
    told = Told()
    told.ask("GET", PODS, 403, headers=(("Impersonate-User", "bob"),), answer=NO_LISTING)
    ada, bob = rights(told.recording, Wish())
    assert ada.permissions == {Permission(verb="impersonate", resource="users", name="bob")}
    assert (bob.permissions, bob.refused) == (frozenset(), 1)


def test_two_credentials_of_one_user_are_one_caller() -> None:
    told = Told()
    for digit in "12":
        shown = (("Authorization", f"Bearer kproxy-redacted-{digit * 40}"),)
        told.ask("GET", PODS, 403, identity=IdentityMode.PASS, headers=shown, answer=NO_LISTING)
        told.ask("GET", "/api/v1/nodes", identity=IdentityMode.PASS, headers=shown)
    found = only(told)
    assert (found.caller, found.requests) == ("ada", 4)


def test_who_grants_what_he_used_later_has_it() -> None:
    told = Told()
    rule = {"verbs": ["list"], "apiGroups": [""], "resources": ["pods"]}
    role = {"kind": "Role", "metadata": {"name": "r"}, "rules": [rule]}
    told.ask("POST", f"/apis/{RBAC}/v1/namespaces/default/roles", 201, answer=role)
    told.ask("GET", PODS)
    assert {each.verb for each in only(told).permissions} == {"create", "list"}


def test_who_grants_more_than_he_used_needs_the_special_verb() -> None:
    told = Told()
    rule = {"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}
    told.ask("POST", f"/apis/{RBAC}/v1/clusterroles", 201, answer={"metadata": {"name": "r"}, "rules": [rule]})
    assert {each.verb for each in only(told).permissions} == {"create", "escalate"}


def test_a_websocket_of_an_older_server_needs_no_create() -> None:
    told = Told()
    told.ask("GET", f"{PODS}/web/exec", 101)
    assert {each.verb for each in only(told).permissions} == {"get", "create"}
    server = Server(version="v1.34.4")
    told.recording.session = replace(told.recording.session, server=server)
    assert {each.verb for each in only(told).permissions} == {"get"}


def test_what_no_rule_can_say_exactly_is_counted_and_never_granted() -> None:
    told = Told()
    told.ask("GET", "/api/v1/*", 404)
    told.ask("GET", "/logs/*", 404)
    told.ask("OPTIONS", f"{MAPS}/a", 405)
    found = only(told)
    assert (found.permissions, found.ungrantable) == (frozenset(), 3)
