"""What a recorder says to its session, and what of it people are told."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.record.news import (
    Blocked,
    Closed,
    EtcdNews,
    News,
    Ready,
    RelayNews,
    SpansNews,
    StartMissing,
    Unblocked,
    of_line,
    sentence_of,
    to_line,
)


@pytest.mark.parametrize(
    ("news", "sentence"),
    [
        (Blocked(reason="The disk is full."), "The disk is full. It is tried again each second."),
        (StartMissing(reason="the start state is missing"), "the start state is missing"),
        (EtcdNews(following=False, reason="etcd is away"), "etcd is away; what it changes is read when it is back"),
        (EtcdNews(following=True, again=True), "etcd is followed again"),
        (EtcdNews(following=True), ""),
        (
            RelayNews(feed="/f", attached=False, reason="the etcd relay was gone"),
            "the etcd relay was gone (/f); calls to etcd are not recorded until it is back",
        ),
        (RelayNews(feed="/f", attached=True, again=True), "the etcd relay is attached to again (/f)"),
        (RelayNews(feed="/f", attached=True), ""),
        (SpansNews(port=4317, found=True), ""),
        (Ready(), ""),
        (Unblocked(), ""),
        (Closed(), ""),
    ],
)
def test_what_people_should_know_is_a_sentence(news: News, sentence: str) -> None:
    assert sentence_of(news) == sentence
    assert of_line(to_line(news)) == news


@given(st.builds(RelayNews, feed=st.text(), attached=st.booleans(), again=st.booleans(), reason=st.text()))
def test_news_of_any_text_is_one_line(news: RelayNews) -> None:
    assert to_line(news).count(b"\n") == 1
    assert of_line(to_line(news)) == news


@pytest.mark.parametrize("line", [b"", b"{}", b"[]", b'{"news": "Other"}', b'{"news": "Blocked"}'])
def test_what_is_no_news_is_refused(line: bytes) -> None:
    with pytest.raises((ValueError, LookupError, TypeError)):
        of_line(line)
