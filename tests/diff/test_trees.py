"""kproxy.diff.trees: times that lie ahead, and times that clients chose."""

from datetime import UTC, datetime, timedelta

import pytest

from kproxy.diff.findings import Findings
from kproxy.diff.trees import MAX_SHOWN, Comparer, Spot, shortened
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Difference, Verdict
from kproxy.renaming.renaming import Renaming
from tests.diff.sessions import PODS, FakeServer, verdict_of


def servers() -> tuple[FakeServer, FakeServer]:
    """Two that have nothing but the API."""
    return FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)


def token(*ahead: int, late: int = 0) -> Verdict:
    """A token that is good for so many seconds there and here; the replay's answer took `late` seconds to be made."""
    both = servers()
    for server, seconds in zip(both, ahead, strict=True):
        made = datetime(2026, 11, 23, server.hour, 0, 1, tzinfo=UTC) + timedelta(seconds=seconds)
        if server is both[1]:
            made -= timedelta(seconds=late)
        status: JSONObject = {"token": "t", "expirationTimestamp": made.isoformat().replace("+00:00", "Z")}
        body: JSONObject = {"kind": "TokenRequest", "metadata": {"name": "x"}, "status": status}
        server.exchange("POST", "/api/v1/namespaces/default/serviceaccounts/x/token", 201, body)
    return verdict_of(*both)


def test_a_token_is_good_for_as_long_there_as_here() -> None:
    assert token(3600, 3600).differences == ()
    assert token(3600, 3600, late=2).differences == ()
    found = token(3600, 50 * 365 * 86400).differences
    assert [(each.path, each.kind) for each in found] == [("$.status.expirationTimestamp", "renamed")]


def deleted(*seconds: int, grace: int = 30) -> set[str]:
    """Where it differs when a pod is told to go at second 1, its time of grace added up to these; then one is made."""
    both = servers()
    for server, second in zip(both, seconds, strict=True):
        pod = server.pod(1)
        metadata = pod["metadata"]
        assert isinstance(metadata, dict)
        ends = datetime(2026, 11, 23, server.hour, 0, 0, tzinfo=UTC) + timedelta(seconds=second)
        metadata |= {"deletionTimestamp": ends.isoformat().replace("+00:00", "Z"), "deletionGracePeriodSeconds": grace}
        server.exchange("DELETE", f"{PODS}/a", 200, pod)
        for number in range(3):
            later = server.pod(2 + number, "bcd"[number])
            metadata = later["metadata"]
            assert isinstance(metadata, dict)
            metadata["creationTimestamp"] = server.time(3 + number)
            server.exchange("POST", PODS, 201, later)
    return {each.path for each in verdict_of(*both).differences}


def test_a_deletion_is_in_order_by_the_moment_that_it_was_asked_for() -> None:
    assert deleted(31, 31) == set()
    assert deleted(31, 31 + 365 * 86400) == {"$.metadata.deletionTimestamp"}


def asked(field: str, *told: str, sent: tuple[str, str] = ("2030-01-01T00:00:00Z",) * 2) -> Verdict:
    """The verdict when clients send a time in a field and are answered with these."""
    both = servers()
    for server, time, wish in zip(both, told, sent, strict=True):
        body: JSON = {field: {"at": [{"startAt": wish}]}}
        server.exchange("POST", PODS, 201, {**server.pod(1), field: {"at": [{"startAt": time}]}}, send=body)
    return verdict_of(*both)


@pytest.mark.parametrize("field", ["spec", "data"])
def test_a_time_that_the_client_chose_is_stored_as_it_is(field: str) -> None:
    wish, other = "2030-01-01T00:00:00Z", "2031-06-01T12:00:00Z"
    assert asked(field, wish, wish).differences == ()
    found = asked(field, wish, other).differences
    assert [(each.path, each.kind) for each in found] == [(f"$.{field}.at[0].startAt", "changed")]


def test_but_the_server_may_choose_another_one_on_both_sides_or_be_asked_for_another() -> None:
    assert asked("spec", "2026-11-23T07:00:02Z", "2026-11-23T15:00:02Z").differences == ()
    assert asked("status", "2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z").differences == ()


def test_what_a_report_shows_is_cut_where_it_is_longer_than_that() -> None:
    assert shortened("x" * MAX_SHOWN) == "x" * MAX_SHOWN
    assert shortened("x" * (MAX_SHOWN + 1)) == f"{'x' * MAX_SHOWN}… ({MAX_SHOWN + 1} characters)"
    fits: list[JSON] = ["x" * (MAX_SHOWN - 4)]
    assert shortened(fits) is fits
    cut = shortened({"a": "x" * MAX_SHOWN, "b": 1})
    assert isinstance(cut, str)
    assert cut.startswith("{'a': 'xxx")
    assert cut.endswith("x… (dict of 2)")
    assert len(cut) == MAX_SHOWN + len("… (dict of 2)")
    assert shortened(7) == 7


def spot() -> tuple[list[Difference], Comparer]:
    """What compares two documents there, and what it finds."""
    found = Findings(strict=False)
    return found.differences, Comparer(Renaming(), found, Spot(Seq(3), "body", "$.x"))


@pytest.mark.parametrize(
    ("baseline", "replayed", "differences"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [("$.x.a", "changed", 1, True)]),
        ({"a": 1}, {"a": 2}, [("$.x.a", "changed", 1, 2)]),
        ({"a": 1}, {}, [("$.x.a", "removed", 1, None)]),
        ({}, {"a": 1}, [("$.x.a", "added", None, 1)]),
        ({"a": "b"}, {"a": "c"}, [("$.x.a", "changed", "b", "c")]),
        ({"a": "b"}, {"a": None}, [("$.x.a", "changed", "b", None)]),
        ({"a": '{"b":1}'}, {"a": '{"b":2}'}, [("$.x.a.b", "changed", 1, 2)]),
        ({"a": '{"b":1}'}, {"a": "{"}, [("$.x.a", "changed", '{"b":1}', "{")]),
        ({"a": [1, 2]}, {"a": [1]}, [("$.x.a[1]", "removed", 2, None)]),
        (
            {"a": [{"name": "x"}, {"name": "y"}]},
            {"a": [{"name": "y"}, {"name": "x"}]},
            [("$.x.a", "reordered", [{"name": "x"}, {"name": "y"}], [{"name": "y"}, {"name": "x"}])],
        ),
    ],
)
def test_two_documents_differ_where_they_do(
    baseline: JSON, replayed: JSON, differences: list[tuple[str, str, JSON, JSON]]
) -> None:
    found, comparer = spot()
    comparer.compare(baseline, replayed)
    assert [(each.path, each.kind, each.baseline, each.replayed) for each in found] == differences
    assert {(each.seq, each.where) for each in found} <= {(3, "body")}


def test_of_two_times_that_clients_chose_each_is_held_against_its_own() -> None:
    start, end, other = "2030-01-01T00:00:00Z", "2031-01-01T00:00:00Z", "2032-01-01T00:00:00Z"

    def found(told: JSONObject) -> list[tuple[str, str]]:
        both = servers()
        wish: JSONObject = {"start": start, "end": end}
        for server, spec in zip(both, (wish, told), strict=True):
            server.exchange("POST", PODS, 201, {**server.pod(1), "spec": spec}, send={"spec": wish})
        return [(each.path, each.kind) for each in verdict_of(*both).differences]

    assert found({"start": start, "end": end}) == []
    assert found({"start": other, "end": end}) == [("$.spec.start", "changed")]
    assert found({"start": start, "end": other}) == [("$.spec.end", "changed")]
    assert found({"start": end, "end": start}) == [("$.spec.start", "changed"), ("$.spec.end", "changed")]
