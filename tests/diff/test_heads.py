"""kproxy.diff.heads: what heads teach at once is what each of their fields teaches for itself."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import starmap

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff import heads as room
from kproxy.diff.headers import KINDS, by_name
from kproxy.diff.heads import Heads
from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Answer, Body, BodyState, End, Exchange, Headers, Nanos, Request, Seq
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming

UIDS = tuple(f"{letter * 8}-0000-4000-8000-000000000001" for letter in "abc")
FLOW, LEVEL, AUDIT = "X-Kubernetes-Pf-Flowschema-Uid", "x-kubernetes-pf-prioritylevel-uid", "Audit-Id"
FIELDS = st.lists(st.tuples(st.sampled_from((FLOW, LEVEL, AUDIT, "Accept")), st.sampled_from(UIDS)), max_size=4)


def exchange(asked: Headers = (), answered: Headers = (), size: int = 3) -> Exchange:
    """One of these heads."""
    body = Body(state=BodyState.KEPT, size=size)
    return Exchange(
        seq=Seq(1),
        connection=1,
        started=Nanos(1),
        request=Request(method="GET", target="/", http_version="HTTP/1.1", headers=asked, body=body),
        info=RequestInfo(verb="get", path="/", is_resource=False),
        answer=Answer(status=200, reason="", http_version="HTTP/1.1", headers=answered, body=body),
        end=End.COMPLETE,
    )


def say_the_same(first: Headers, second: Headers) -> bool:
    """Whether two answers' heads do, of which nothing else is known."""
    return Heads(Renaming()).same(exchange(answered=first), exchange(answered=second))


def learn(renaming: Renaming, first: Headers, second: Headers) -> None:
    """Field by field: as they follow each other, or name by name where they follow in another order."""
    for name, a, b in in_order(first, second) or one_name_after_the_other(first, second):
        if name in KINDS:
            renaming.learn_name(KINDS[name], a, b)


def in_order(first: Headers, second: Headers) -> list[tuple[str, str, str]]:
    names, others = ([name.lower() for name, _ in each] for each in (first, second))
    if names != others:
        return []
    return [(name, a, b) for name, (_, a), (_, b) in zip(names, first, second, strict=True)]


def one_name_after_the_other(first: Headers, second: Headers) -> list[tuple[str, str, str]]:
    others = by_name(second)
    return [
        (name, a, b)
        for name, values in by_name(first).items()
        for a, b in zip(values, others.get(name, ()), strict=False)
    ]


@pytest.mark.parametrize("most", [1, 256])
@given(pairs=st.lists(st.tuples(FIELDS.map(tuple), FIELDS.map(tuple)), max_size=8))
def test_the_renaming_is_the_same_as_if_it_had_heard_each_field(
    most: int, pairs: Sequence[tuple[Headers, Headers]]
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(room, "_MOST", most)
        counted, heard = Renaming(), Renaming()
        heads = Heads(counted)
        for first, second in pairs:
            heads.same(exchange(answered=first), exchange(answered=second))
            learn(heard, first, second)
        heads.settle()
    assert counted.settle() == heard.settle()
    for kind in (Kind.UID, Kind.AUDIT_ID):
        images = [[each.image(kind, uid) for uid in UIDS] for each in (counted, heard)]
        assert images[0] == images[1]


@given(st.lists(st.tuples(st.sampled_from(UIDS), st.sampled_from(UIDS)), max_size=8))
def test_two_heads_say_the_same_if_the_renaming_says_so(pairs: list[tuple[str, str]]) -> None:
    renaming, heard = Renaming(), Renaming()
    heads = Heads(renaming)
    for first, second in pairs:
        heard.learn_name(Kind.UID, first, second)
        said = heads.same(exchange(answered=((FLOW, first),)), exchange(answered=((LEVEL.swapcase(), second),)))
        assert not said  # another field
        said = heads.same(exchange(answered=((FLOW, first),)), exchange(answered=((FLOW.lower(), second),)))
        assert said == (heard.image(Kind.UID, first) == second)


def test_fields_that_are_the_same_may_say_something_else() -> None:
    date, other = ("Date", "Wed, 18 Nov 2026 11:06:43 GMT"), ("Date", "Wed, 18 Nov 2026 12:06:43 GMT")
    assert list(
        starmap(
            say_the_same,
            (
                ((("Accept", "a"),), (("Accept", "a"),)),
                ((("Accept", "a"),), (("Accept", "b"),)),
                ((("Etag", UIDS[0]),), (("Etag", UIDS[0]),)),
                ((date,), (other,)),
                ((date, date), (other, other)),
                ((("Content-Length", "3"),), (("Content-Length", "3"),)),
                ((("Content-Length", "4"),), (("Content-Length", "4"),)),
                ((("Accept", "a"), date), (("Accept", "a"),)),
                ((("Transfer-Encoding", "chunked"),), (("Transfer-Encoding", "chunked"),)),
                ((("Connection", "close"),), (("Connection", "keep-alive"),)),
                ((("Accept", "a"), date), (date, ("Accept", "a"))),
            ),
        )
    ) == [True, False, False, True, False, True, False, False, True, False, False]


def test_a_request_says_the_same_without_what_a_replay_sets_anew() -> None:
    heads = Heads(Renaming())
    first = exchange((("Host", "a"), ("Kubectl-Session", UIDS[0]), ("Accept", "*")))
    assert heads.same(first, exchange((("Host", "b"), ("Kubectl-Session", UIDS[1]), ("Accept", "*"))))
    assert heads.same(first, exchange((("Accept", "*"), ("kubectl-session", UIDS[1]))))  # in another order
    assert not heads.same(first, exchange((("Host", "b"), ("Kubectl-Session", UIDS[2]), ("Accept", "*"))))
    assert not heads.same(first, exchange((("Host", "b"), ("Accept", "*"))))
    assert not heads.same(first, exchange((("Kubectl-Session", UIDS[1]), ("Accept", "*"), ("Impersonate-User", "a"))))
    assert not heads.same(first, exchange((("Host", "b"), ("Kubectl-Session", UIDS[1]), ("Accept", "a"))))


def test_as_whom_the_recorded_proxy_sent_a_request_on_a_replay_says_itself() -> None:
    first = replace(exchange((("Accept", "*"),)), forwarded="impersonated")
    assert Heads(Renaming()).same(first, exchange((("Accept", "*"), ("Impersonate-User", "a"))))
    assert not Heads(Renaming()).same(first, exchange((("Accept", "*"), ("X-Other", "a"))))
