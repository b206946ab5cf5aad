"""kproxy.diff.pages: lists in pages, which are cut by names that each server drew."""

import json
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from kproxy.model.exchange import Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.verdict import Outcome, Verdict
from tests.diff.sessions import PODS, FakeServer, verdict_of

NAMES = {"a": ["web-b", "web-d", "web-f", "web-h", "web-k"], "b": ["web-z", "web-c", "web-x", "web-b", "web-m"]}
"""What each server drew for the same five pods, in the order in which they were made."""


def pods(server: FakeServer) -> list[JSONObject]:
    """Five pods with drawn names that were created, by name, as a list has them."""
    found = []
    for number, name in enumerate(NAMES[server.letter], start=1):
        pod = server.pod(number, name, status={"number": number})
        metadata = pod["metadata"]
        assert isinstance(metadata, dict)
        metadata["generateName"] = "web-"
        server.exchange("POST", PODS, 201, pod, send={"metadata": {"generateName": "web-"}})
        found.append((name, pod))
    return [pod for _, pod in sorted(found, key=lambda each: each[0])]


def list_in_pages(
    server: FakeServer, items: Sequence[JSON], sizes: Sequence[int] = (2, 2, 1), *, remaining: int = 0
) -> None:
    """The pages, each asked for with a limit of two."""
    token, at = "", 0
    for number, size in enumerate(sizes):
        target = f"{PODS}?limit=2" + (f"&continue={token}" if token else "")
        page = server.listed(9, *items[at : at + size])
        at += size
        metadata = page["metadata"]
        assert isinstance(metadata, dict)
        token = ""
        if number < len(sizes) - 1:
            token = metadata["continue"] = f"{server.letter}-page-{number}"
            metadata["remainingItemCount"] = len(items) - at + remaining
        server.exchange("GET", target, 200, page)


def servers() -> tuple[FakeServer, FakeServer]:
    """Two of them."""
    return FakeServer("a", 100, 7, etcd=False), FakeServer("b", 5000, 15, etcd=False)


def test_pages_that_are_cut_by_other_names_are_one_list() -> None:
    first, second = servers()
    for server in (first, second):
        list_in_pages(server, pods(server))
    verdict = verdict_of(first, second)
    assert verdict.differences == ()
    assert verdict.outcome is Outcome.IDENTICAL


def other(items: list[JSONObject]) -> list[JSONObject]:
    """With another value in one of them."""
    return [{**item, "status": {"number": 7}} if index == 2 else item for index, item in enumerate(items)]


def compared(items: list[JSONObject] | None, sizes: Sequence[int] = (2, 2, 1), *, remaining: int = 0) -> Verdict:
    """The verdict when the replay's pages are these."""
    first, second = servers()
    list_in_pages(first, pods(first))
    made = pods(second)
    list_in_pages(second, other(made) if items == [] else made, sizes, remaining=remaining)
    return verdict_of(first, second)


def test_what_differs_within_a_page_is_found() -> None:
    assert [each.path.rpartition(".")[2] for each in compared([]).differences] == ["number"]


@pytest.mark.parametrize("index", range(5))
def test_what_differs_is_said_of_the_page_that_shows_it_by_its_place_there(index: int) -> None:
    first, second = servers()
    shown = pods(first)
    list_in_pages(first, shown)
    number = shown[index]["status"]
    pages: list[JSON] = [
        {**each, "status": {"number": 7}} if each["status"] == number else each for each in pods(second)
    ]
    list_in_pages(second, pages)
    [found] = verdict_of(first, second).differences
    last = len(first.made.exchange_list)
    assert (found.seq, found.path) == (last - 2 + index // 2, f"$.items[{index % 2}].status.number")


def test_a_page_with_more_than_the_other_one_is_found() -> None:
    found = compared(None, (3, 1, 1)).differences
    assert (found[0].path, found[0].baseline, found[0].replayed) == ("$.items", "2 elements", "3 elements")


def test_a_page_that_says_that_more_remains_is_found() -> None:
    assert {each.path for each in compared(None, remaining=1).differences} == {"$.metadata.remainingItemCount"}


def test_an_element_that_no_page_has_is_found() -> None:
    first, second = servers()
    list_in_pages(first, pods(first))
    list_in_pages(second, pods(second)[:4], (2, 2))
    found = verdict_of(first, second).differences
    assert {each.where for each in found} >= {"body", "missing"}


def test_a_next_page_that_is_not_there_is_found() -> None:
    first, second = servers()
    list_in_pages(first, pods(first))
    list_in_pages(second, pods(second))
    body = second.made.keep(json.dumps(second.listed(9, *pods(second)[:2])).encode())
    del second.made.exchange_list[8:]
    second.edit(Seq(6), lambda each: replace(each, answer=replace(each.answer, body=body)))  # type: ignore[type-var] # it has one
    found = next(each for each in verdict_of(first, second).differences if each.path == "$.metadata.continue")
    assert (found.seq, found.where, found.kind, found.baseline, found.replayed) == (
        6,
        "body",
        "removed",
        "a-page-0",
        None,
    )
    other_way = verdict_of(second, first).differences
    turned = next(each for each in other_way if each.path == "$.metadata.continue")
    assert (turned.kind, turned.baseline, turned.replayed) == ("added", None, "a-page-0")


def polled(server: FakeServer, images: Sequence[str]) -> None:
    """The first page of a list that does not change, again and again, each time with the same token."""
    for image in images:
        page = server.listed(9, server.pod(1, status={"image": image}))
        metadata = page["metadata"]
        assert isinstance(metadata, dict)
        metadata["continue"] = f"{server.letter}-page-0"
        server.exchange("GET", f"{PODS}?limit=1", 200, page)


@pytest.mark.parametrize("at", range(3))
def test_a_page_is_compared_though_another_one_has_its_token(at: int) -> None:
    first, second = servers()
    polled(first, "iii")
    polled(second, ["other" if number == at else "i" for number in range(3)])
    assert {each.path for each in verdict_of(first, second).differences} == {"$.items[0].status.image"}


def test_two_clients_that_read_the_same_pages_in_turns_read_the_same_lists() -> None:
    first, second = servers()
    for server in (first, second):
        items = pods(server)
        for sizes in ((2, 2, 1), (2, 2, 1)):
            list_in_pages(server, items, sizes)
        made = server.made.exchange_list
        bodies = [(made[at].request, made[at].answer) for at in (5, 8, 6, 9, 7, 10)]
        for at, (request, answer) in enumerate(bodies, start=5):
            made[at] = replace(made[at], request=request, answer=answer)
    found = [each for each in verdict_of(first, second).differences if each.where == "body"]
    assert found == []


def test_a_further_page_of_another_moment_is_found() -> None:
    first, second = servers()
    for server in (first, second):
        list_in_pages(server, pods(server))
    seq = Seq(8)
    answer = second.made.exchange_list[seq - 1].answer
    assert answer is not None
    assert answer.body.digest is not None
    page = json.loads(second.made.body(answer.body.digest))
    page["metadata"]["resourceVersion"] = str(second.base + 8)
    body = second.made.keep(json.dumps(page).encode())
    second.edit(seq, lambda each: replace(each, answer=replace(answer, body=body)))
    assert [(each.seq, each.path) for each in verdict_of(first, second).differences] == [
        (8, "$.metadata.resourceVersion")
    ]


CUTS = st.sets(st.integers(1, 4)).map(lambda places: [b - a for a, b in pairwise([0, *sorted(places), 5])])
"""Ways to cut five elements into pages."""


def cut(first: Sequence[int], second: Sequence[int], changed: int | None = None) -> tuple[Verdict, int]:
    """The verdict of one list in two ways to cut it, and its first page. `changed`: the element that is another one."""
    sides = servers()
    for server, sizes in zip(sides, (first, second), strict=True):
        shown = pods(server)
        if changed is not None and server is sides[1]:
            number = pods(servers()[0])[changed]["status"]
            shown = [{**each, "status": {"number": 7}} if each["status"] == number else each for each in shown]
        list_in_pages(server, shown, sizes)
    return verdict_of(*sides), len(sides[0].made.exchange_list) - len(first) + 1


@settings(max_examples=30)
@given(CUTS)
def test_law_however_a_list_is_cut_it_is_itself(sizes: list[int]) -> None:
    assert cut(sizes, sizes)[0].outcome is Outcome.IDENTICAL


@settings(max_examples=30)
@given(CUTS, st.integers(0, 4))
def test_law_however_a_list_is_cut_what_differs_is_said_of_the_page_that_shows_it(sizes: list[int], at: int) -> None:
    verdict, page = cut(sizes, sizes, at)
    while at >= sizes[0]:
        at, page, sizes = at - sizes[0], page + 1, sizes[1:]
    assert [(each.seq, each.path) for each in verdict.differences] == [(page, f"$.items[{at}].status.number")]


@settings(max_examples=30)
@given(CUTS, CUTS)
def test_law_a_list_that_is_cut_elsewhere_is_another_answer_of_the_same_elements(
    first: list[int], second: list[int]
) -> None:
    assume(first != second)
    found = cut(first, second)[0].differences
    assert found
    assert not [each for each in found if each.path.startswith("$.items[") and len(first) == len(second)]
