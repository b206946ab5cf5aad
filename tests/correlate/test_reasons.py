"""kproxy.correlate.reasons: why a change has no ground."""

from kproxy.model.exchange import Nanos, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.session import Gap
from tests.correlate.story import POD, PODS, Story, pod, puts


def managed(*managers: str) -> JSONObject:
    entries: list[JSON] = [
        {"manager": manager, "operation": "Update", "time": str(n)} for n, manager in enumerate(managers)
    ]
    return pod(managedFields=entries)


def test_a_manager_that_no_request_of_the_recording_is_by_is_another_client() -> None:
    story = Story()
    story.put(101, POD, managed("kubectl", "helm"), before=managed("kubectl"))
    assert story.entry(101).reason == "by another client than kproxy's: the object's managedFields name helm"


def test_the_api_servers_own_manager_is_its_own_loop() -> None:
    story = Story()
    story.put(101, POD, managed("kube-apiserver"))
    assert "the api-server's own loop" in story.entry(101).reason


def test_what_falls_into_a_gap_says_so() -> None:
    story = Story()
    gap = Gap(kind="exchanges", reason="the buffer was full", at=Nanos(1_000_000), count=3)
    story.recording.gap_list.append(gap)
    story.put(101, POD, managed("helm"))
    assert story.entry(101).reason == "in a gap of the recording: the buffer was full"


def test_a_gap_between_two_exchanges_reaches_from_one_to_the_other() -> None:
    story = Story()
    for _ in range(2):
        story.ask("GET", PODS, 200, None)
    gap = Gap(kind="exchanges", reason="lost", at=Nanos(10**15), count=1, first_seq=Seq(1), last_seq=Seq(2))
    story.recording.gap_list.append(gap)
    story.put(101, POD, managed("helm"), at=Nanos(1_500))
    story.put(102, POD, managed("helm"), at=Nanos(50_000))
    assert "in a gap" in story.entry(101).reason
    assert "in a gap" not in story.entry(102).reason


def test_a_change_that_no_call_wrote_was_made_beside_the_api_server() -> None:
    story = Story()
    story.put(101, POD, pod())
    story.call(101, puts(POD))
    story.put(102, "/registry/configmaps/default/x", pod())
    assert "another client of etcd" in story.entry(102).reason


def test_where_nothing_is_known_that_is_said() -> None:
    story = Story()
    story.put(101, POD, pod())
    assert story.entry(101).reason == "no request of the recording named this object at that time"


def test_a_key_whose_lease_may_have_ended_says_so() -> None:
    story = Story()
    key = "/registry/configmaps/default/x"
    story.put(101, key, pod(), lease=7)
    story.delete(102, key, before=pod())
    assert story.entry(102).reason.startswith("its lease 7 may have ended")


def test_a_trace_that_is_of_no_exchange_may_be_the_api_servers_own() -> None:
    story = Story()
    story.put(101, POD, pod())
    story.call(101, puts(POD), trace_id="a" * 32, parent_id="1" * 16)
    assert story.entry(101).reason == (
        "by another client than kproxy's, or in a trace of the api-server's own: "
        "call 1 to etcd has a trace that is of no exchange"
    )


def test_a_trace_of_no_exchange_and_a_call_without_one_name_the_manager_where_there_is_one() -> None:
    story = Story()
    story.put(101, POD, managed("helm"))
    story.call(101, puts(POD), trace_id="a" * 32, parent_id="1" * 16)
    assert story.entry(101).reason.endswith("of no exchange (the object's managedFields name helm)")
    story = Story()
    story.ask("PATCH", f"{PODS}/web", 200, managed("kubectl"), agent="kubectl")
    story.put(101, POD, managed("kubectl"))
    story.call(101, puts(POD))
    assert story.entry(101).reason == (
        "by the api-server's own loop, or another client than kproxy's: call 1 to etcd has no trace, "
        "and managedFields name kubectl"
    )


def test_a_call_without_a_trace_that_the_api_server_made_of_itself_is_its_own_loops() -> None:
    for value in (pod(), managed("kube-apiserver")):
        story = Story()
        story.put(101, POD, value)
        story.call(101, puts(POD))
        assert story.entry(101).reason == "written by the api-server's own loop: call 1 to etcd has no trace"


def test_of_many_requests_at_once_three_are_named_and_the_manager_too() -> None:
    for count, named in ((3, "#1, #2, #3"), (4, "#1, #2, #3, …")):
        story = Story()
        for _ in range(count):
            story.ask("PATCH", f"{PODS}/web", 200, None, started=Nanos(500), ended=Nanos(900), agent="helm")
        story.put(101, POD, managed("helm"), at=Nanos(700))
        assert story.entry(101).reason == (
            f"one of several requests at the same time, whose answers do not tell: {named}; managedFields name helm"
        )


def test_a_key_of_no_object_has_no_request_that_named_it() -> None:
    story = Story()
    story.put(101, "/registry/odd", {})
    assert story.entry(101).reason == "no request of the recording named this object at that time"


def test_of_two_managers_one_whom_the_recording_knows_makes_it_no_other_clients() -> None:
    for managers, other in ((("helm", "kubectl"), False), (("helm", "argo"), True)):
        story = Story()
        story.ask("PATCH", f"{PODS}/other?fieldManager=kubectl", 200, None)
        story.put(101, POD, managed(*managers))
        reason = story.entry(101).reason
        assert reason.startswith("by another client") is other
        assert reason.endswith(f"name {', '.join(sorted(managers))}")
