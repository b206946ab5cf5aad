"""The join of recording and audit log, on small ones of our own."""

import json
from pathlib import Path

from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Answer, Exchange, Nanos, Request, Seq
from tests.controlplane.soak.join import Audited, join, read_audit_log

BEGAN = 1000.0


def exchange(seq: int, audit_id: str | None, target: str = "/a", status: int = 200, own: str = "") -> Exchange:
    """One; `audit_id` None: without an answer."""
    headers = tuple((name, value) for name, value in (("Audit-Id", audit_id), ("X-Kproxy", own)) if value)
    return Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(seq * 1_000_000_000),
        request=Request(method="GET", target=target, http_version="1.1", headers=(("User-Agent", "k"),)),
        info=RequestInfo(verb="get", path=target, is_resource=False),
        answer=None if audit_id is None else Answer(status=status, reason="", http_version="1.1", headers=headers),
    )


def audited(
    audit_id: str, uri: str = "/a", received: float = BEGAN + 1, user: str = "ada", agent: str = "k"
) -> Audited:
    return Audited(audit_id=audit_id, user=user, agent=agent, verb="get", uri=uri, received=received)


def test_the_same_requests_are_pairs() -> None:
    joined = join([exchange(1, "x"), exchange(2, "y")], BEGAN, [audited("y"), audited("x")])
    assert [(each.seq, other.audit_id) for each, other in joined.pairs] == [(1, "x"), (2, "y")]
    assert not joined.missing
    assert not joined.extra


def test_what_only_one_of_them_has_is_told() -> None:
    joined = join([exchange(1, "x")], BEGAN, [audited("y")])
    assert [each.seq for each in joined.extra] == [1]
    assert [each.audit_id for each in joined.missing] == ["y"]


def test_upgrades_are_joined_by_uri_client_and_time() -> None:
    upgrades = [exchange(1, "", "/exec", 101), exchange(5, "", "/exec", 101)]
    log = [audited("late", "/exec", BEGAN + 5.1), audited("early", "/exec", BEGAN + 1.1)]
    assert [other.audit_id for _, other in join(upgrades, BEGAN, log).pairs] == ["early", "late"]
    far = join(upgrades[:1], BEGAN, [audited("far", "/exec", BEGAN + 60)])
    assert (len(far.extra), len(far.missing)) == (1, 1)


def test_a_request_that_never_reached_the_server_is_not_extra() -> None:
    joined = join([exchange(1, None), exchange(2, "", own="refused")], BEGAN, [])
    assert [each.seq for each in joined.unanswered] == [1, 2]
    assert not joined.extra


def test_what_does_not_go_through_kproxy_is_left_out() -> None:
    log = [audited("x", user="system:apiserver"), audited("y", user="kproxy-lab"), audited("z", agent="kproxy")]
    log += [audited("w", agent="kproxy-lab")]  # the probe on behalf of a user
    assert not join([], BEGAN, log).missing


def test_the_labs_probe_is_joined_where_it_went_through_kproxy() -> None:
    joined = join([exchange(1, "x")], BEGAN, [audited("x", user="kproxy-lab"), audited("y", user="kproxy-lab")])
    assert [other.audit_id for _, other in joined.pairs] == ["x"]
    assert not joined.missing
    assert not joined.extra


def test_a_request_with_several_events_is_one(tmp_path: Path) -> None:
    event = {
        "auditID": "x",
        "stage": "ResponseStarted",
        "verb": "watch",
        "requestURI": "/w",
        "user": {"username": "ada"},
        "userAgent": "k",
        "requestReceivedTimestamp": "2026-01-01T00:00:00.500000Z",
    }
    log = tmp_path / "audit.log"
    events = [event, event | {"stage": "ResponseComplete", "responseStatus": {"code": 200}}]
    log.write_text("".join(json.dumps(each) + "\n" for each in events))
    (found,) = read_audit_log(log)
    assert (found.user, found.uri, found.status, found.received) == ("ada", "/w", 200, 1767225600.5)


def test_who_is_impersonated_is_who_it_is_served_as(tmp_path: Path) -> None:
    event = {
        "auditID": "x",
        "verb": "get",
        "requestURI": "/a",
        "user": {"username": "ada"},
        "impersonatedUser": {"username": "bob"},
        "requestReceivedTimestamp": "2026-01-01T00:00:00Z",
    }
    (tmp_path / "audit.log").write_text(json.dumps(event) + "\n")
    assert [each.user for each in read_audit_log(tmp_path / "audit.log")] == ["bob"]
