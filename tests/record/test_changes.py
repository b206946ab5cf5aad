"""Events of etcd's watch as the model has them."""

from kproxy.etcd.records import KeyValue, RawEvent
from kproxy.model.etcd import ChangeType, ClusterId, EtcdKey, Revision
from kproxy.model.exchange import EMPTY_BODY, BodyState, Digest, Nanos
from kproxy.record.changes import REMEMBERED, Changes
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.store.bodies import digest_of
from kproxy.wire.content import encode

PSEUDONYMS = Pseudonyms(bytes(32))
HERE = ClusterId("00000000000000aa")
KEY = EtcdKey(b"/registry/configmaps/default/c")


def changes() -> Changes:
    return Changes(Redactor(PSEUDONYMS, Literals(PSEUDONYMS, ())), "/registry")


def an_event(
    revision: int, value: bytes | None, before: tuple[int, bytes] | None = None, *, key: EtcdKey = KEY, version: int = 1
) -> RawEvent:
    """A change; `before`: the previous revision and value."""
    return RawEvent(
        type=ChangeType.DELETE if value is None else ChangeType.PUT,
        key=key,
        value=value,
        prev_value=before[1] if before else None,
        create_revision=Revision(1),
        mod_revision=Revision(revision),
        version=0 if value is None else version,
        lease=0,
        prev_mod_revision=Revision(before[0] if before else 0),
    )


def test_the_previous_value_that_was_the_last_one_is_known_by_its_digest() -> None:
    made, bodies = changes(), dict[Digest, bytes]()
    first = made.change(HERE, an_event(5, b"one"), Nanos(1), bodies)
    bodies.clear()
    second = made.change(HERE, an_event(6, b"two", (5, b"one"), version=2), Nanos(2), bodies)
    assert second.previous == first.value
    assert set(bodies.values()) == {b"two"}
    deleted = made.change(HERE, an_event(7, None, (6, b"two")), Nanos(3), bodies)
    assert (deleted.value, deleted.previous) == (None, second.value)


def test_a_previous_value_of_another_revision_is_read() -> None:
    made, bodies = changes(), dict[Digest, bytes]()
    made.change(HERE, an_event(5, b"one"), Nanos(1), bodies)
    change = made.change(HERE, an_event(9, b"three", (7, b"two"), version=3), Nanos(2), bodies)
    assert change.previous is not None
    assert change.previous.digest == digest_of(b"two")
    assert set(bodies.values()) == {b"one", b"two", b"three"}


def test_another_store_begins_with_nothing_known() -> None:
    made, bodies = changes(), dict[Digest, bytes]()
    made.change(HERE, an_event(5, b"one"), Nanos(1), bodies)
    made.forget()
    change = made.change(HERE, an_event(6, b"x", (5, b"of another store"), version=2), Nanos(2), bodies)
    assert change.previous is not None
    assert change.previous.digest == digest_of(b"of another store")


def test_a_previous_value_that_etcd_has_not_any_more_is_lost_and_one_that_never_was_is_none() -> None:
    made, bodies = changes(), dict[Digest, bytes]()
    lost = made.change(HERE, an_event(5, b"x", version=4), Nanos(1), bodies).previous
    assert lost is not None
    assert (lost.state, lost.reason) == (BodyState.LOST, "etcd had compacted it")
    assert made.change(HERE, an_event(6, b"x", key=EtcdKey(b"/new")), Nanos(1), bodies).previous is None


def test_secrets_are_hidden_in_both_values_and_what_cannot_be_read_is_not_kept() -> None:
    made, bodies = changes(), dict[Digest, bytes]()
    key = EtcdKey(b"/registry/secrets/default/s")
    one, two = (
        encode("application/json", {"kind": "Secret", "apiVersion": "v1", "data": {"p": word}})
        for word in ("aHVudGVyMjI=", "aHVudGVyMjM=")
    )
    change = made.change(HERE, an_event(5, one, (4, two), key=key, version=2), Nanos(1), bodies)
    assert change.value is not None
    assert change.previous is not None
    assert change.value.digest != change.previous.digest
    assert not any(b"aHVudGVy" in body for body in bodies.values())
    opaque = made.change(HERE, an_event(6, b"k8s:enc:aescbc:v1:k:..", key=key), Nanos(1), bodies).value
    assert opaque is not None
    assert (opaque.state, opaque.size) == (BodyState.OPAQUE, 22)


def test_empty_values_are_kept_as_such_and_memory_is_bounded() -> None:
    made, bodies = changes(), dict[Digest, bytes]()
    for number in range(REMEMBERED + 5):
        made.change(HERE, an_event(number + 1, b"", key=EtcdKey(b"/%d" % number)), Nanos(1), bodies)
    assert len(made._last) == REMEMBERED
    assert made.change(HERE, an_event(1, b""), Nanos(1), bodies).value == EMPTY_BODY
    assert not bodies


def test_a_key_as_it_stands_is_its_last_change() -> None:
    bodies = dict[Digest, bytes]()
    found = KeyValue(key=KEY, value=b"v", create_revision=Revision(2), mod_revision=Revision(9), version=3, lease=7)
    change = changes().standing(HERE, found, bodies)
    assert (change.revision, change.create_revision, change.version, change.lease, change.at) == (9, 2, 3, 7, 0)
    assert change.previous is not None
    assert change.previous.state is BodyState.LOST
    assert list(bodies.values()) == [b"v"]
