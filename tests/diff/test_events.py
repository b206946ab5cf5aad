"""kproxy.diff.events."""

import pytest

from kproxy.diff.events import Seen, from_anywhere, watched
from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.wire.requestinfo import request_info
from kproxy.wire.watchevents import WatchEvent

WATCH = "/apis/apps/v1/deployments?watch=true"


def exchange(target: str) -> Exchange:
    request = Request(method="GET", target=target, http_version="HTTP/1.1", headers=())
    return Exchange(
        seq=Seq(1), connection=1, started=Nanos(0), request=request, info=request_info("GET", target), answer=None
    )


def seen(**metadata: str) -> Seen:
    return Seen(0, Nanos(0), WatchEvent(type="ADDED", object={"metadata": {**metadata}}), bookmark=False)


def test_an_event_says_which_object_it_shows_and_which_version() -> None:
    each = seen(namespace="n", name="web", uid="u", resourceVersion="7")
    assert str(watched(exchange(WATCH), each)) == "deployments.apps/n/web"
    assert (each.revision, each.uid) == (7, "u")
    assert (seen(resourceVersion="x").revision, seen().uid) == (None, "")


@pytest.mark.parametrize(
    ("more", "anywhere"),
    [("", True), ("&resourceVersion=0", True), ("&resourceVersion=7", False), ("&sendInitialEvents=true", True)],
)
def test_a_watch_from_no_certain_revision_begins_with_a_state_of_the_servers_choice(more: str, anywhere: bool) -> None:
    assert from_anywhere(exchange(WATCH + more)) is anywhere
