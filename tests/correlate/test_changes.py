"""kproxy.correlate.changes: all changes in columns."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from kproxy.correlate.changes import Changes
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, KeyChange, Revision
from kproxy.model.exchange import Body, BodyState, Digest, Nanos

A, B = ClusterId("a"), ClusterId("b")


def change(revision: int, key: str, cluster: ClusterId = A, **more: object) -> KeyChange:
    plain = KeyChange(
        cluster=cluster,
        revision=Revision(revision),
        key=EtcdKey(key.encode()),
        type=ChangeType.PUT,
        at=Nanos(revision * 10),
        value=body(f"{cluster}{revision}{key}"),
    )
    return replace(plain, **more)  # type: ignore[arg-type] # the caller's


def body(words: str) -> Body:
    return Body(state=BodyState.KEPT, size=1, digest=Digest(words.encode().hex().ljust(64, "0")[:64]))


@given(
    st.lists(
        st.tuples(st.sampled_from((A, B)), st.integers(1, 30), st.sampled_from("xyz")), unique=True, max_size=40
    ).map(sorted)
)
def test_each_change_is_found_by_its_revision_and_key_with_its_values(rows: list[tuple[ClusterId, int, str]]) -> None:
    told = [change(revision, key, cluster) for cluster, revision, key in rows]
    changes = Changes(told)
    for place, each in zip(changes.places(), told, strict=True):
        assert changes.cluster(place) == each.cluster
        assert place in changes.in_revision(each.cluster, each.revision)
        assert each.value is not None
        assert changes.value(place) == each.value.digest
        earlier = [
            other
            for other in told
            if (other.cluster, other.key) == (each.cluster, each.key) and other.revision < each.revision
        ]
        before = changes.before(place)
        assert (before is None) == (not earlier)
        assert changes.previous(place) is None, "the change says that nothing was there"
    for key in "xyz":
        found = [changes.revision(place) for place in changes.of_key(EtcdKey(key.encode()))]
        assert found == [each.revision for each in told if each.key == key.encode()]


def test_a_previous_value_is_the_one_that_the_change_names_also_where_the_one_before_is_not_known() -> None:
    first, second = change(1, "x", previous=body("p")), change(2, "x")
    changes = Changes([first, replace(second, previous=first.value), change(5, "x", previous=body("other"))])
    assert [changes.previous(place) for place in changes.places()] == [
        body("p").digest,
        first.value.digest if first.value else None,
        body("other").digest,
    ]


def test_what_is_from_before_the_session_was_seen_before_all_else() -> None:
    changes = Changes([change(1, "x"), change(2, "x")], lambda _: Revision(1))
    first, second = changes.places()
    assert (changes.is_past(first), changes.seen(first)) == (True, 0)
    assert (changes.is_past(second), changes.seen(second)) == (False, 20)
    assert list(changes.of_key(EtcdKey(b"x"), seen=Nanos(1))) == [second]


def test_a_digest_that_is_none_is_no_value() -> None:
    odd = Body(state=BodyState.KEPT, size=1, digest=Digest("no digest at all"))
    (place,) = (changes := Changes([change(1, "x", value=odd)])).places()
    assert changes.value(place) is None


def test_a_key_is_made_by_its_first_version() -> None:
    changes = Changes(
        [change(1, "x", version=1), change(2, "x", version=2), change(3, "y", create_revision=Revision(3))]
    )
    assert [changes.is_create(place) for place in changes.places()] == [True, False, True]
