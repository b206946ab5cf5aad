"""kproxy.diff.trees: times that lie ahead, and times that clients chose."""

from datetime import UTC, datetime, timedelta

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Verdict
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
