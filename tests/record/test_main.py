"""What the recorder process says to people."""

import pytest

from kproxy.record.__main__ import sentence_of


@pytest.mark.parametrize(
    ("news", "sentence"),
    [
        ({"state": "blocked", "reason": "The disk is full."}, "The disk is full. It is tried again each second."),
        (
            {"state": "etcd", "following": False, "reason": "etcd is away"},
            "etcd is away; what it changes is read when it is back",
        ),
        ({"state": "etcd", "following": True, "again": True}, "etcd is followed again"),
        ({"state": "etcd", "following": True, "again": False}, ""),
        (
            {"state": "relay", "feed": "/f", "attached": False, "again": False, "reason": "the etcd relay was gone"},
            "the etcd relay was gone (/f); calls to etcd are not recorded until it is back",
        ),
        (
            {"state": "relay", "feed": "/f", "attached": True, "again": True, "reason": ""},
            "the etcd relay is attached to again (/f)",
        ),
        ({"state": "relay", "feed": "/f", "attached": True, "again": False, "reason": ""}, ""),
        ({"state": "closed"}, ""),
    ],
)
def test_what_people_should_know_is_a_sentence(news: dict[str, object], sentence: str) -> None:
    assert sentence_of(news) == sentence
