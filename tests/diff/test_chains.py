"""kproxy.diff.chains: the sentences are bounded, and say what the first divergence is."""

from dataclasses import replace

import pytest

from kproxy.diff.chains import MAX_SENTENCES, Link, Relation, cause_of, chain_of, request_text
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


def valued(found: Site, baseline: JSON, replayed: JSON) -> Site:
    """The same with other values."""
    return replace(found, difference=replace(found.difference, baseline=baseline, replayed=replayed))


NO_OBJECT = replace(site("field", "body", "$.x", steps=("x",)), subject=None)
IN = ", in exchange 1 (get pods/default/a)"


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (
            site("exchange", "extra", "exchange 7", "added"),
            "a request more was sent, exchange 7 of the replay: 404",
        ),
        (site("request", "request", "target"), f"the request itself is another one: target is 404 instead of 200{IN}"),
        (
            site("answer", "length", "length"),
            "the length of the answer to exchange 1 (get pods/default/a) is 404 instead of 200",
        ),
        (site("header", "header", "age", "added"), f"the header age is there now (404){IN}"),
        (site("header", "header", "age", "renamed"), f"the header age stands for another one: 200 beside 404{IN}"),
        (site("member", "body", "$.items[0]", "added"), f"pods/default/a is in the list and was not{IN}"),
        (site("member", "stream", "$[0]", "removed"), f"an event of pods/default/a did not come{IN}"),
        (site("member", "stream", "$[0]", "reordered"), f"an event of pods/default/a came in another order{IN}"),
        (site("member", "stream", "$[0].type"), f"an event of pods/default/a is 404 instead of 200{IN}"),
        (replace(site("member", "body", "$.items[0]", "removed"), subject=None), f"an object is not in the list{IN}"),
        (replace(site("member", "body", "$.x[0]", "removed", label="l"), subject=None), f"l is not in the list{IN}"),
        (site("key", "etcd", "/k[0]", "removed"), f"the change of pods/default/a in etcd is missing{IN}"),
        (site("key", "etcd", "/k[0]", "added"), f"etcd has a change of pods/default/a that was not recorded{IN}"),
        (site("key", "etcd", "/k[0] type"), f"the change of pods/default/a in etcd is 404 instead of 200{IN}"),
        (replace(site("key", "etcd", "/k[0]", "removed"), subject=None), f"the change of /k[0] in etcd is missing{IN}"),
        (site("field", "body", "$", "reordered"), f"the content of pods/default/a is in another order{IN}"),
        (NO_OBJECT, f"x of pods is 404 instead of 200{IN}"),
        (replace(NO_OBJECT, thing=""), f"x of the answer is 404 instead of 200{IN}"),
        (
            site("field", "body", "$.a", steps=("a", "0", "b.c", "d_e-f")),
            f"a[0][b.c].d_e-f of pods/default/a is 404 instead of 200{IN}",
        ),
        (
            site("field", "body", "$.a[0]", "removed", steps=("a", "0"), label="web"),
            f"a[web] of pods/default/a is missing{IN}",
        ),
        (
            site("field", "body", "$.a[0]", "added", steps=("a", "0"), label="web"),
            f"a[web] of pods/default/a is there now{IN}",
        ),
        (
            site("field", "body", "$.a.b", "added", steps=("a", "b"), label="web"),
            f"a.b of pods/default/a is there now{IN}",
        ),
        (
            site("field", "etcd", "/k[0] version", steps=("etcd version",)),
            f"etcd has another change of pods/default/a: version 404 instead of 200{IN}",
        ),
        (
            replace(
                site("field", "body", "$.metadata.resourceVersion", "renamed", steps=("metadata", "resourceVersion")),
                subject=None,
            ),
            f"another state of pods is shown, revision 404 beside 200{IN}",
        ),
        (
            valued(site("end", "end", "end"), None, "complete"),
            "exchange 1 (get pods/default/a) ended complete instead of none",
        ),
        (valued(NO_OBJECT, "ä", {"b": [1]}), f'x of pods is {{"b": [1]}} instead of "ä"{IN}'),
    ],
)
def test_whatever_differs_is_said_with_what_it_is_of(found: Site, said: str) -> None:
    assert cause_of(found) == said


def test_what_a_refusal_says_stands_behind_the_cause() -> None:
    assert cause_of(site("answer", "status", "status"), "no").endswith('instead of 200: "no"')
    assert cause_of(NO_OBJECT, "no").endswith(f'{IN}: "no"')


def test_a_long_value_and_a_long_name_are_cut() -> None:
    added = valued(site("header", "header", "age", "added"), None, "x" * 200)
    assert cause_of(added) == f'the header age is there now ("{"x" * 78}…){IN}'
    fits = valued(site("header", "header", "age", "added"), None, "x" * 78)
    assert cause_of(fits) == f'the header age is there now ("{"x" * 78}"){IN}'


@pytest.mark.parametrize(
    ("method", "target", "said"),
    [
        ("POST", PODS, "create pods in default"),
        ("GET", "/api/v1/pods", "list pods"),
        ("DELETE", "/api/v1/namespaces/team", "delete namespaces/team"),
        ("PUT", f"{PODS}/a/status", "update status pods/default/a"),
        ("GET", "/apis/apps/v1/namespaces/x/deployments/web/scale", "get scale deployments.apps/x/web"),
        ("POST", "/version?x=1", "POST /version"),
        ("GET", f"/{'v' * 100}", f"GET /{'v' * 78}…"),
        ("GET", f"{PODS}/{'v' * 100}", f"get pods/default/{'v' * 62}…"),
    ],
)
def test_a_request_is_named_by_what_it_does(method: str, target: str, said: str) -> None:
    server = FakeServer("a", 1, 7)
    server.exchange(method, target)
    assert request_text(server.made.exchange_list[0]) == said


def test_a_difference_of_no_request_and_one_of_an_exchange_that_is_not_there_say_so() -> None:
    found = site("key", "etcd", "/k[0]", "removed")
    nobody = replace(found, difference=replace(found.difference, seq=None), exchange=None)
    assert cause_of(nobody) == "the change of pods/default/a in etcd is missing, in no request of the session"
    assert cause_of(replace(found, exchange=None)).endswith(", in exchange 1")


def of(relation: Relation, seq: int | None, aspect: str = "field") -> Link:
    """A difference in an exchange, as it belongs to a finding."""
    found = site(aspect, "etcd" if relation is Relation.STORED else "body", "$.spec", steps=("spec",))
    seqs = None if seq is None else Seq(seq)
    return Link(replace(found, difference=replace(found.difference, seq=seqs)), relation)


def test_a_chain_says_what_followed_exchange_by_exchange_and_then_where_it_is_the_same() -> None:
    links = [
        of(Relation.FIRST, 1),
        of(Relation.PART, 1, "answer"),
        of(Relation.PART, 2),
        of(Relation.PART, 3, "end"),
        of(Relation.STORED, 4),
        of(Relation.STORED, 5),
        of(Relation.LATER, 5),
        of(Relation.LATER, 5, "answer"),
        of(Relation.STORED, 5, "key"),
        of(Relation.SAME, 7),
        of(Relation.SAME, 1),
        of(Relation.SAME, 6),
    ]
    get = "(get pods/default/a)"
    assert list(chain_of(links, "because")) == [
        "because",
        f"so exchange 3 {get} ended 404 instead of 200",
        "etcd holds it so, too: exchanges 4, 5",
        f"so spec of pods/default/a is 404 instead of 200, in exchange 5 {get}",
        f"so the change of pods/default/a in etcd is 404 instead of 200, in exchange 5 {get}",
        "the same in 2 more exchanges: 6, 7",
    ]


def test_one_more_is_said_as_one_and_of_many_some() -> None:
    one = [of(Relation.FIRST, 1), of(Relation.STORED, 2), of(Relation.SAME, 3)]
    assert list(chain_of(one, "c"))[1:] == ["etcd holds it so, too: exchange 2", "the same in 1 more exchange: 3"]
    assert list(chain_of([of(Relation.FIRST, 1), of(Relation.STORED, None)], "c"))[1:] == [
        "etcd holds it so, too: by no request of the session"
    ]
    many = [of(Relation.FIRST, 1), *(of(Relation.SAME, seq) for seq in range(2, 14))]
    assert list(chain_of(many, "c"))[1:] == ["the same in 12 more exchanges: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, …"]
    ten = [of(Relation.FIRST, 1), *(of(Relation.SAME, seq) for seq in range(2, 12))]
    assert list(chain_of(ten, "c"))[1:] == ["the same in 10 more exchanges: 2, 3, 4, 5, 6, 7, 8, 9, 10, 11"]


def test_a_chain_of_as_many_as_have_a_sentence_each_is_not_cut() -> None:
    def chain(count: int) -> list[str]:
        return list(chain_of([of(Relation.FIRST, 1), *(of(Relation.LATER, seq + 2) for seq in range(count))], "c"))

    assert len(chain(MAX_SENTENCES)) == MAX_SENTENCES + 1
    assert chain(MAX_SENTENCES + 1)[-1] == "and so on, in 1 more exchange"


def test_a_place_in_openapis_types_is_said_without_the_words_that_all_have() -> None:
    server = FakeServer("a", 1, 7)
    server.exchange("GET", "/openapi/v3/api/v1")
    steps = ("components", "schemas", "io.k8s.api.core.v1.Pod", "properties", "spec")
    found = replace(
        site("field", "body", "$", steps=steps), exchange=server.made.exchange_list[0], subject=None, thing="/openapi"
    )
    assert cause_of(found).startswith("Pod.spec of /openapi is 404")
