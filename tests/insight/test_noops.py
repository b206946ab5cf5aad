"""kproxy.insight.noops."""

from dataclasses import replace

from kproxy.insight.cost import NO_COST, Cost
from kproxy.insight.noops import NoOps
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Seq
from tests.support.told import Told

WEB = "/api/v1/namespaces/default/configmaps/web"


def versioned(revision: int, name: str = "web") -> dict[str, object]:
    return {"metadata": {"name": name, "resourceVersion": str(revision)}}


def no_ops(told: Told, cost: Cost = NO_COST) -> list[Seq]:
    asked = NoOps(told.recording, told.ledger)
    return [exchange.seq for exchange in told.recording.exchanges() if asked.is_no_op(exchange, cost)]


def with_etcd() -> Told:
    told = Told()
    told.recording.session = replace(told.recording.session, etcd_start=Revision(1))
    return told


def test_the_ledgers_word_counts() -> None:
    told = with_etcd()
    told.ask("PUT", WEB)
    told.no_op(told.ask("PUT", WEB))
    assert no_ops(told) == [2]


def test_an_update_whose_calls_put_nothing_wrote_nothing() -> None:
    told = with_etcd()
    told.ask("PATCH", WEB)
    told.ask("PATCH", f"{WEB}?dryRun=All")
    told.ask("PATCH", WEB, 409)
    told.ask("POST", WEB, 201)
    assert no_ops(told, Cost(calls=2)) == [1]
    assert no_ops(told, Cost(calls=2, wrote=True)) == []


def test_what_the_ledger_attributes_a_change_to_wrote() -> None:
    told = with_etcd()
    told.put("/registry/configmaps/default/web", told.ask("PATCH", WEB))
    assert no_ops(told, Cost(calls=2)) == []


def test_without_etcd_answers_tell_by_the_resource_version() -> None:
    told = Told()
    told.ask("GET", WEB, at=1, answer=versioned(7))
    told.ask("PATCH", WEB, at=2, answer=versioned(7))
    told.ask("PATCH", WEB, at=3, answer=versioned(9))
    told.ask("PATCH", WEB, at=4, answer=versioned(9))
    told.ask("PATCH", f"{WEB}2", at=5, answer=versioned(9, "web2"))
    told.ask("PATCH", f"{WEB}?dryRun=All", at=6, answer=versioned(9))
    assert no_ops(told) == [2, 4]


def test_an_answer_that_came_after_the_request_says_nothing_of_before() -> None:
    told = Told()
    told.ask("GET", WEB, at=1.0, answer=versioned(7))
    told.ask("GET", WEB, at=1.9995, answer=versioned(9))
    told.ask("PATCH", WEB, at=2.0, answer=versioned(9))
    assert no_ops(told) == []


def test_an_update_of_what_is_being_deleted_may_have_deleted_it() -> None:
    told = Told()
    ending = {"metadata": {"name": "web", "resourceVersion": "7", "deletionTimestamp": "2026-11-25T21:26:22Z"}}
    told.ask("PUT", WEB, body=ending, answer=ending)
    assert no_ops(told) == []


def test_an_update_says_itself_which_version_it_knew() -> None:
    told = Told()
    told.ask("PUT", WEB, body=versioned(7), answer=versioned(7))
    told.ask("PUT", f"{WEB}2", body=versioned(7, "web2"), answer=versioned(8, "web2"))
    assert no_ops(told) == [1]


def test_where_etcd_was_recorded_answers_are_not_asked() -> None:
    told = with_etcd()
    told.ask("PUT", WEB, body=versioned(7), answer=versioned(7))
    assert no_ops(told) == []
