"""kproxy.replay.written."""

import pytest

from kproxy.model.attribution import Attribution, Basis, Ledger
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, Revision
from kproxy.model.exchange import Seq
from kproxy.replay.written import Written

MAIN = ClusterId("main")
KEY = EtcdKey(b"/registry/pods/default/x")


def claim(seq: int, revision: int, basis: Basis = Basis.REVISION, cluster: ClusterId = MAIN) -> Attribution:
    return Attribution(
        cluster=cluster,
        revision=Revision(revision),
        key=KEY,
        type=ChangeType.PUT,
        seq=Seq(seq),
        basis=basis,
        evidence="",
    )


def written(*claims: tuple[Basis, int], cluster: ClusterId = MAIN) -> int | None:
    """The revision of an exchange with these claims, each of a ground and a revision."""
    made = tuple(claim(1, revision, basis, cluster) for basis, revision in claims)
    return Written(Ledger(entries=(), by_seq={Seq(1): made}), MAIN).get(Seq(1))


def test_it_is_the_last_one_that_was_made_while_the_request_went_on() -> None:
    assert written((Basis.REVISION, 13), (Basis.OBJECT, 10)) == 13
    assert written((Basis.TRACED, 10), (Basis.TRACED, 12), (Basis.OBJECT, 20)) == 12


def test_what_ended_later_is_not_when_it_was_asked_for() -> None:
    """A deletion that waited for its finalizers: begun at 5, done by somebody at 9."""
    assert written((Basis.OBJECT, 5), (Basis.OBJECT, 9)) == 5


def test_a_guess_and_another_etcd_order_nothing() -> None:
    assert written((Basis.WINDOW, 5), (Basis.LEASE, 6)) is None
    assert written((Basis.REVISION, 5), cluster=ClusterId("events")) is None


def test_those_that_are_asked_for_in_any_order_and_again_are_found_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("kproxy.replay.written._AGAIN", 3)
    claims = {Seq(number): (claim(number, 100 + number),) for number in range(1, 20, 2)}
    found = Written(Ledger(entries=(), by_seq=claims), MAIN)
    for number in (1, 2, 9, 8, 7, 19, 18, 1, 1, 3, 30, 11, 19):
        assert found.get(Seq(number)) == (100 + number if Seq(number) in claims else None), number
    assert list(found) == list(claims)
    assert len(found) == 10
