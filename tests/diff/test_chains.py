"""kproxy.diff.chains: the sentences are bounded, and say what the first divergence is."""

from dataclasses import replace

import pytest

from kproxy.diff.chains import MAX_SENTENCES, Link, Relation, cause_of, chain_of
from kproxy.diff.sites import Site
from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON
from kproxy.model.verdict import Difference
from tests.diff.sessions import PODS, FakeServer

POD = ObjectRef(group="", resource="pods", namespace="default", name="a")


def site(aspect: str, where: str, path: str, kind: str = "changed", seq: int = 1, **fields: object) -> Site:
    """A difference at its place in a read of a pod."""
    server = FakeServer("a", 1, 7)
    server.exchange("GET", f"{PODS}/a", 200, server.pod(1))
    values: dict[str, JSON] = {"baseline": 200, "replayed": 404}
    difference = Difference(seq=Seq(seq), where=where, path=path, kind=kind, **values)
    return Site(
        difference=difference,
        aspect=aspect,  # type: ignore[arg-type] # one of them
        when=0,
        exchange=server.made.exchange_list[0],
        subject=POD,
        thing="pods",
        **fields,  # type: ignore[arg-type] # the site's own
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (site("answer", "status", "status"), "exchange 1 (get pods/default/a) was answered with 404 instead of 200"),
        (site("answer", "missing", "exchange", "removed"), "exchange 1 (get pods/default/a) was not sent"),
        (
            site("answer", "missing", "answer", "removed"),
            "exchange 1 (get pods/default/a) got no answer instead of 200",
        ),
        (site("end", "end", "end"), "exchange 1 (get pods/default/a) ended 404 instead of 200"),
        (
            site("header", "header", "audit-id", "removed"),
            "the header audit-id is missing (was 200), in exchange 1 (get pods/default/a)",
        ),
        (
            site("member", "body", "$.items[0]", "removed"),
            "pods/default/a is not in the list, in exchange 1 (get pods/default/a)",
        ),
        (
            site("member", "stream", "$[0]", "added", event="DELETED"),
            "the event DELETED of pods/default/a came and was not recorded, in exchange 1 (get pods/default/a)",
        ),
        (
            site("field", "body", "$.spec.x", "added", steps=("spec", "x")),
            "spec.x of pods/default/a is there now (404), in exchange 1 (get pods/default/a)",
        ),
        (
            site("field", "body", "$.metadata.resourceVersion", "renamed", steps=("metadata", "resourceVersion")),
            "another state of pods/default/a is shown, revision 404 beside 200, in exchange 1 (get pods/default/a)",
        ),
    ],
)
def test_a_cause_is_one_sentence(found: Site, said: str) -> None:
    assert cause_of(found) == said


def test_a_long_chain_is_cut_and_counted() -> None:
    first = Link(site("answer", "status", "status"), Relation.FIRST)
    rest = [Link(site("answer", "status", "status", seq=seq), Relation.LATER) for seq in range(2, 40)]
    chain = list(chain_of([first, *rest], "because"))
    assert len(chain) == MAX_SENTENCES + 2
    assert chain[0] == "because"
    assert chain[-1] == f"and so on, in {38 - MAX_SENTENCES} more exchanges"


def test_of_two_long_texts_the_place_where_they_part_is_said() -> None:
    alike = "x" * 1_000
    found = site("field", "body", "$.a", steps=("a",))
    long = replace(found, difference=replace(found.difference, baseline=f"{alike}1", replayed=f"{alike}2"))
    assert 'x2" instead of "…' in cause_of(long)
