"""kproxy.session.authors."""

import pytest

from kproxy.session.authors import revision_asked
from kproxy.session.entries import Entries
from tests.support.life import KEY, Life, widget


@pytest.mark.parametrize(
    ("said", "revision"),
    [
        ("11", 11),
        ("", None),
        ("0", None),
        ("12", None),
        ("\u0661\u0661", None),
        ("9" * 5000, None),
        ("0" * 5000 + "11", None),
    ],
    ids=["the one before", "none", "zero", "its own", "other digits", "5000 digits", "5000 zeros"],
)
def test_the_revision_that_an_update_named_is_the_one_before_it(said: str, revision: int | None) -> None:
    life = Life().write(widget(x=1)).write(widget("u1", {"resourceVersion": said}, x=2))
    assert revision_asked(life.recording, Entries(life.recording).of_key(KEY)[1]) == revision
