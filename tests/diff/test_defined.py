"""kproxy.diff.defined: when definitions came and went."""

from dataclasses import replace

import pytest

from kproxy.diff.defined import Definitions
from kproxy.model.exchange import Nanos
from tests.diff.sessions import FakeServer

KEY = "/registry/apiextensions.k8s.io/customresourcedefinitions/things.example.org"
COMES, CHANGES, GOES = 100, 200, 300


def definitions() -> Definitions:
    """One definition that comes, changes and goes."""
    server = FakeServer("a", 100, 7)
    server.put(1, KEY, server.pod(1))
    server.put(2, KEY, server.pod(2), version=2)
    server.delete(3, KEY)
    server.made.change_list[:] = [
        replace(change, at=Nanos(at))
        for at, change in zip((COMES, CHANGES, GOES), server.made.change_list, strict=True)
    ]
    return Definitions.of(server.made)


@pytest.mark.parametrize(
    ("began", "ended", "listed", "missing", "changed"),
    [
        (0, 50, False, True, False),
        (0, 150, True, True, True),
        (150, 160, True, False, False),
        (150, 250, True, False, True),
        (250, 350, True, True, True),
        (350, 400, False, True, False),
    ],
)
def test_an_index_may_list_what_was_there_a_little_before(
    began: int, ended: int, *, listed: bool, missing: bool, changed: bool
) -> None:
    made, when = definitions(), (Nanos(began), Nanos(ended))
    assert made.may_be_listed("example.org", *when) is listed
    assert made.may_be_missing("example.org", *when) is missing
    assert made.changed("example.org", *when) is changed


def test_of_a_group_that_nobody_defined_nothing_is_explained() -> None:
    made, when = definitions(), (Nanos(0), Nanos(1000))
    assert not made.may_be_listed("apps", *when)
    assert not made.may_be_missing("apps", *when)
