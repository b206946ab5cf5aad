"""A request whose verdict is not there yet waits, and all that comes behind it; nothing is lost or out of order."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import End, IdentityMode
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.identity.caller import Peer
from kproxy.proxy.identity.judge import Identity, Verdict
from kproxy.proxy.pending import Pending
from kproxy.proxy.status import status_answer
from kproxy.proxy.tap.actions import Act, Action
from kproxy.proxy.tap.admission import Admission
from kproxy.proxy.tap.tap import Tap
from kproxy.wire.handoff import unpack_head
from kproxy.wire.http1 import RequestHead
from tests.proxy.fake_recorder import FakeRecorder
from tests.support.authority import Authority

GET = b"GET /%b HTTP/1.1\r\nHost: up:1\r\n\r\n"
POST = b"POST /%b HTTP/1.1\r\nHost: up:1\r\nContent-Length: 3\r\n\r\nabc"
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"


class Slow:
    """Lets everyone pass but `/slow`, who waits, and `/never`, who is refused."""

    mode = IdentityMode.PASS

    def __init__(self) -> None:
        self._identity = Identity(upstream_from_url("http://up:1"), token=None, local=None, allow_exec=True)
        self.pending = Pending()
        self.known = False
        self.refuses = False
        self.peers: list[Peer | None] = []

    def judge(self, head: RequestHead, peer: Peer | None = None) -> Verdict:
        self.peers.append(peer)
        if head.target.startswith(b"/slow") and not self.known:
            return self.pending
        if self.refuses or head.target.startswith(b"/never"):
            return status_answer(403, "never")
        return self._identity.judge(head)

    def refused(self) -> bool:
        return False


class Wires:
    """A tap whose owner does as it is told."""

    def __init__(self) -> None:
        self.slow = Slow()
        self.backlog = Backlog()
        self.tap = Tap(Admission(self.slow, 1, tls=False), self.backlog, server_name="the server", clock=lambda: 7)
        self.tap.wake = lambda: self.take(self.tap.resumed())
        self.to_server = b""
        self.to_client = b""
        self.acts: list[Act] = []

    def take(self, actions: list[Action]) -> None:
        for act, data in actions:
            self.acts.append(act)
            if act is Act.TO_SERVER:
                self.to_server += data
            elif act is Act.TO_CLIENT:
                self.to_client += data
            elif act is Act.CONNECT:
                self.take(self.tap.connected(None))

    def waiting(self) -> bool:
        return self.tap.waiting

    def known(self) -> None:
        self.slow.known = True
        self.slow.pending.resolve()

    def ends(self) -> list[End | None]:
        recorder = FakeRecorder()
        if batch := self.backlog.flush():
            recorder.take(batch.data)
        recorder.commit()
        self.told = [told for _, told in sorted(recorder.finished.items())]
        return [told.end for told in self.told]


def test_what_waits_goes_on_in_its_order_once_the_verdict_is_there() -> None:
    wires = Wires()

    wires.take(wires.tap.client_data(GET % b"a" + POST % b"slow" + GET % b"b"))
    assert wires.to_server == GET % b"a"
    assert wires.waiting()
    wires.take(wires.tap.client_data(GET % b"c"))
    wires.take(wires.tap.server_data(OK))
    assert (wires.to_server, wires.to_client) == (GET % b"a", OK)

    wires.known()

    assert not wires.waiting()
    assert wires.to_server == GET % b"a" + POST % b"slow" + GET % b"b" + GET % b"c"
    wires.take(wires.tap.server_data(OK * 3))
    assert wires.ends() == [End.COMPLETE] * 4
    assert wires.told[1].request == b"abc"


@given(st.lists(st.sampled_from([b"a", b"slow", b"slow2"]), min_size=1, max_size=6), st.data())
def test_wherever_the_bytes_are_cut_nothing_is_lost(names: list[bytes], data: st.DataObject) -> None:
    wires = Wires()
    raw = b"".join((POST if len(name) > 4 else GET) % name for name in names)
    until = data.draw(st.integers(0, len(raw)))

    for place in range(0, until, 7):
        wires.take(wires.tap.client_data(raw[place : min(place + 7, until)]))
    wires.known()
    wires.take(wires.tap.client_data(raw[until:]))
    wires.take(wires.tap.server_data(OK * len(names)))

    assert wires.to_server == raw
    assert wires.ends() == [End.COMPLETE] * len(names)


def test_a_client_that_half_closes_while_it_waits_still_gets_its_answer() -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(GET % b"slow"))
    wires.take(wires.tap.client_closed())
    assert not wires.tap.done

    wires.known()
    assert wires.to_server == GET % b"slow"
    assert wires.acts[-1] is Act.END_TO_SERVER
    wires.take(wires.tap.server_data(OK))

    assert wires.to_client == OK


@pytest.mark.parametrize("behind", [b"GARBAGE\x00\r\n\r\n", GET % b"never"])
def test_what_is_refused_behind_a_request_that_waits_is_refused_in_its_turn(behind: bytes) -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(GET % b"slow" + behind))
    assert wires.to_client == b""

    wires.known()
    assert wires.to_client == b""
    wires.take(wires.tap.server_data(OK))

    assert wires.to_client.startswith(OK + b"HTTP/1.1 40")
    assert wires.ends() == [End.COMPLETE, End.REFUSED]


@pytest.mark.parametrize(
    ("end", "how"),
    [(lambda tap: tap.server_closed(), End.SERVER_GONE), (lambda tap: tap.stop(), End.STOPPED)],
    ids=["server-closed", "stopped"],
)
def test_a_request_that_never_got_its_verdict_is_recorded_with_its_end(
    end: Callable[[Tap], list[Action]], how: End
) -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(GET % b"a" + GET % b"slow"))

    wires.take(end(wires.tap))
    wires.known()

    assert wires.ends() == [how, how]
    assert unpack_head(wires.told[1].head).identity is IdentityMode.NONE
    assert wires.to_server == GET % b"a"


def test_a_verdict_that_has_to_wait_again_is_asked_for_again() -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(GET % b"slow"))

    wires.slow.pending.resolve()
    assert wires.waiting()
    wires.known()

    assert wires.to_server == GET % b"slow"


def test_a_request_that_is_refused_after_it_waited_is_recorded_once() -> None:
    wires = Wires()
    wires.take(wires.tap.client_data(GET % b"slow" + GET % b"b"))
    wires.slow.refuses = True

    wires.known()

    assert wires.to_client.startswith(b"HTTP/1.1 403 ")
    assert wires.ends() == [End.REFUSED]
    assert wires.to_server == b""


def test_who_has_shown_a_certificate_is_told_with_each_of_its_requests() -> None:
    wires = Wires()
    wires.tap.client_certificate(Authority().client("ada").der)

    wires.take(wires.tap.client_data(GET % b"a" + GET % b"b"))

    assert [peer.caller.name for peer in wires.slow.peers if peer and peer.caller] == ["ada", "ada"]
