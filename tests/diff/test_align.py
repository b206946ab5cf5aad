"""kproxy.diff.align."""

import sqlite3
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff import align
from kproxy.diff.align import align_exchanges
from kproxy.errors import ScratchError
from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.wire.requestinfo import request_info

PODS = "/api/v1/namespaces/default/pods"


def exchanges(*lines: str) -> list[Exchange]:
    """Exchanges of `METHOD TARGET` lines."""
    made = []
    for number, line in enumerate(lines, start=1):
        method, _, target = line.partition(" ")
        request = Request(method=method, target=target, http_version="HTTP/1.1", headers=())
        info = request_info(method, target)
        made.append(Exchange(seq=Seq(number), connection=1, started=Nanos(0), request=request, info=info))
    return made


def test_the_first_of_a_kind_stands_beside_the_first() -> None:
    first = exchanges(f"GET {PODS}", f"POST {PODS}", f"GET {PODS}")
    second = exchanges(f"POST {PODS}", f"GET {PODS}", f"GET {PODS}", "GET /version")
    assert list(align_exchanges(first, second)) == [(1, 2), (2, 1), (3, 3)]


def test_revisions_and_time_limits_do_not_tell_requests_apart() -> None:
    first = exchanges(f"GET {PODS}?watch=true&resourceVersion=5&timeoutSeconds=311")
    second = exchanges(f"GET {PODS}?timeoutSeconds=498&resourceVersion=90&watch=true")
    assert list(align_exchanges(first, second)) == [(1, 1)]


def test_generated_names_are_paired_by_what_is_asked_for() -> None:
    first = exchanges(f"GET {PODS}/web-aaaaa", f"DELETE {PODS}/web-aaaaa")
    second = exchanges(f"GET {PODS}/web-bbbbb", f"DELETE {PODS}/web-bbbbb")
    assert list(align_exchanges(first, second)) == [(1, 1), (2, 2)]


def test_other_questions_have_no_partner() -> None:
    assert not list(align_exchanges(exchanges(f"GET {PODS}"), exchanges("GET /api/v1/nodes", f"POST {PODS}")))


LINES = st.lists(st.sampled_from([f"GET {PODS}", f"GET {PODS}/a", f"GET {PODS}/b", f"GET {PODS}/c", "GET /version"]))


def slowly(first: list[str], second: list[str]) -> list[tuple[int, int]]:
    """The same pairs, each looked for among all that are left."""
    found: list[tuple[int, int]] = []
    left = dict(enumerate(second, 1))
    for key in (str, kind):
        for number, line in enumerate(first, 1):
            if number not in dict(found):
                beside = next((each for each, other in left.items() if key(line) == key(other)), None)
                if beside is not None:
                    found.append((number, beside))
                    del left[beside]
    return sorted(found)


def kind(line: str) -> str:
    """What a line asks for, whichever one of it."""
    return line if line.endswith(("pods", "version")) else "one of them"


@given(LINES, LINES, st.sampled_from([1, 2, 1000]))
def test_however_few_are_written_at_once_pairs_are_those_looked_for_one_by_one(
    first: list[str], second: list[str], together: int
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(align, "_TOGETHER", together)
        assert list(align_exchanges(exchanges(*first), exchanges(*second))) == slowly(first, second)


def test_a_full_folder_is_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    class Full(sqlite3.Connection):
        """A file that takes no rows."""

        def executemany(self, *_: object) -> sqlite3.Cursor:
            """As on a full disk."""
            raise sqlite3.OperationalError("database or disk is full")

    connect: Callable[..., sqlite3.Connection] = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", lambda *args, **more: connect(*args, factory=Full, **more))
    said = "a comparison's temporary file cannot be written: database or disk is full"
    with pytest.raises(ScratchError, match=said):
        list(align_exchanges(exchanges(f"GET {PODS}"), []))
