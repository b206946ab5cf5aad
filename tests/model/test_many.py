"""Dataclasses of which there are millions: as any others, but quick to make."""

from dataclasses import replace

import pytest

from kproxy.model.etcd import EtcdKey, KeyRange
from kproxy.model.many import frozen_by_type


def test_they_are_equal_and_hashed_by_their_values_and_can_be_replaced() -> None:
    one = KeyRange(key=EtcdKey(b"a"))
    assert one == KeyRange(key=EtcdKey(b"a"))
    assert hash(one) == hash(KeyRange(key=EtcdKey(b"a")))
    assert replace(one, end=b"b") != one
    assert {one: 1}[KeyRange(key=EtcdKey(b"a"))] == 1


def test_they_have_no_room_for_other_fields() -> None:
    with pytest.raises(TypeError):
        vars(KeyRange(key=EtcdKey(b"a")))


def test_whoever_wants_one_that_changes_has_dataclass() -> None:
    with pytest.raises(TypeError, match="only what is frozen"):
        frozen_by_type(frozen=False)
