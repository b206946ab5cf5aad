"""Which store is which."""

from kproxy.model.etcd import ClusterId, EtcdStore, Revision
from kproxy.record.stores import new_name, raw_cluster, same_place, taking_over

A, B = ClusterId("00000000000000aa"), ClusterId("00000000000000bb")
FIRST = EtcdStore(cluster=A, endpoints=("http://a:1",), resources=("/events",), version="3.6.16", start=Revision(7))


def test_a_store_with_the_id_of_another_one_gets_a_name_of_its_own() -> None:
    assert new_name(A, ()) == A
    assert new_name(A, (B,)) == A
    assert new_name(A, (A, B)) == f"{A}~2"
    assert new_name(A, (A, ClusterId(f"{A}~2"))) == f"{A}~3"


def test_the_id_behind_a_name_is_what_etcd_says() -> None:
    assert raw_cluster(new_name(A, (A,))) == A
    assert raw_cluster(A) == A


def test_a_store_that_takes_over_is_reached_in_the_same_way_and_begins_at_its_own_revision() -> None:
    second = taking_over(FIRST, A, Revision(3), (FIRST,))
    assert (second.cluster, second.start, second.end) == (f"{A}~2", 3, None)
    assert same_place(FIRST, second)
    assert taking_over(FIRST, B, Revision(3), (FIRST, second)).cluster == B
    assert not same_place(FIRST, EtcdStore(cluster=A, endpoints=("http://a:1",)))
