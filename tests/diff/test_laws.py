"""The laws of a comparison: a recording equals itself, what is renamed consistently is equal, what is not, is not."""

from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSONObject
from kproxy.model.verdict import Outcome
from tests.diff.sessions import PODS, FakeServer, verdict_of

NAMES = ("a", "b", "c")


@dataclass(frozen=True)
class Step:
    """One request of a session: a pod is made, read or taken away, or all are listed."""

    verb: str
    name: str


@st.composite
def sessions(draw: st.DrawFn) -> list[Step]:
    """Requests as a client would send them, one after the other."""
    verbs = st.sampled_from(["create", "get", "list", "delete"])
    steps = draw(st.lists(st.builds(Step, verbs, st.sampled_from(NAMES)), min_size=1, max_size=8))
    return [Step("create", "a"), *steps]


def played(server: FakeServer, steps: list[Step]) -> FakeServer:
    """What a server answers and what its etcd does."""
    there: dict[str, JSONObject] = {}
    for number, step in enumerate(steps, start=1):
        target, found = f"{PODS}/{step.name}", there.get(step.name)
        if step.verb == "create" and found is None:
            there[step.name] = made = server.pod(number, step.name)
            server.exchange("POST", PODS, 201, made)
        elif step.verb == "list":
            server.exchange("GET", PODS, 200, server.listed(number, *(there[name] for name in sorted(there))))
        elif found is None:
            server.exchange("GET", target, 404, {"kind": "Status", "reason": "NotFound", "code": 404})
        elif step.verb == "delete":
            del there[step.name]
            server.exchange("DELETE", target, 200, found)
        else:
            server.exchange("GET", target, 200, found)
    return server


def first_server() -> FakeServer:
    return FakeServer("a", 100, 7, etcd=False)


def second_server(base: int = 5000) -> FakeServer:
    return FakeServer("b", base, 15, etcd=False)


@given(sessions())
@settings(max_examples=30)
def test_a_recording_equals_itself_and_says_that_it_is_one_server(steps: list[Step]) -> None:
    one = played(first_server(), steps)
    verdict = verdict_of(one, one)
    assert (verdict.outcome, verdict.differences) == (Outcome.IDENTICAL, ())
    assert verdict.same_server


@given(sessions(), st.integers(1, 10**6))
@settings(max_examples=30)
def test_what_another_server_chose_consistently_is_equal_in_both_directions(steps: list[Step], base: int) -> None:
    first, second = played(first_server(), steps), played(second_server(base), steps)
    for verdict in (verdict_of(first, second), verdict_of(second, first)):
        assert (verdict.outcome, verdict.differences) == (Outcome.IDENTICAL, ())
        assert not verdict.same_server


@given(sessions(), st.data())
@settings(max_examples=30)
def test_one_field_that_is_not_the_servers_to_choose_is_found_where_it_stands(
    steps: list[Step], data: st.DataObject
) -> None:
    first, second = played(first_server(), steps), second_server()
    number = data.draw(st.integers(1, len(steps)))
    changed: JSONObject = {"kind": "Pod", "metadata": {"name": "a"}, "status": {"phase": "changed"}}
    played(second, steps[: number - 1])
    target = first.made.exchange_list[number - 1]
    second.exchange(target.request.method, target.request.target, 200, changed)
    rest = played(second_server(), steps)
    second.made.exchange_list += rest.made.exchange_list[number:]
    second.made.body_bytes |= rest.made.body_bytes
    verdict = verdict_of(first, second)
    assert verdict.outcome is Outcome.DIFFERENT
    assert number in {each.seq for each in verdict.differences}


@given(st.integers(2, 6), st.data())
@settings(max_examples=20)
def test_a_uid_that_two_objects_share_on_the_other_server_is_a_difference(count: int, data: st.DataObject) -> None:
    first, second = first_server(), second_server()
    borrowed = data.draw(st.integers(1, count - 1))
    for number in range(count):
        first.exchange("POST", PODS, 201, first.pod(number + 1, f"pod{number}"))
        made = second.pod(number + 1, f"pod{number}")
        metadata = made["metadata"]
        assert isinstance(metadata, dict)
        if number == borrowed:
            metadata["uid"] = second.uid(sum(b"pod0"))
        second.exchange("POST", PODS, 201, made)
    assert verdict_of(first, second).outcome is Outcome.DIFFERENT
