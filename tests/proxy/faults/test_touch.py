"""Faults on purpose in a tap: what the client gets, what the server gets, what is recorded."""

import json
from dataclasses import dataclass, field

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import Altered, End
from kproxy.model.jsontypes import JSONObject
from kproxy.proxy.faults.faulty_tap import FaultyTap
from kproxy.proxy.faults.rules import parse_rule
from kproxy.proxy.faults.touch import Faults
from kproxy.proxy.handover.backlog import Backlog
from kproxy.proxy.identity.judge import Identity
from kproxy.proxy.tap.actions import Act, Action, Wait
from kproxy.proxy.tap.admission import Admission
from kproxy.wire.cbor import encode_cbor
from kproxy.wire.handoff import RecordType, unpack_head
from kproxy.wire.http1 import AnswerFramer, AnswerHead, Body
from kproxy.wire.protobuild import encode_watch_event
from kproxy.wire.watchevents import WatchCutter, decode_event
from tests.proxy.fake_recorder import FakeRecorder, Told

OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
PUT = b"PUT /apis/apps/v1/namespaces/default/deployments/web HTTP/1.1\r\nHost: up:1\r\nContent-Length: 3\r\n\r\nabc"
GET = b"GET /api/v1/namespaces/default/pods/a HTTP/1.1\r\nHost: up:1\r\nUser-Agent: kubectl/v1\r\n\r\n"
WATCH = b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: up:1\r\nAccept-Encoding: gzip\r\n\r\n"
WATCHING = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"


def event(kind: str, name: str) -> bytes:
    return json.dumps({"type": kind, "object": {"kind": "Pod", "metadata": {"name": name}}}).encode() + b"\n"


def chunk(data: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(data), data)


@dataclass
class World:
    """A tap with rules, and both its ends."""

    rules: list[str]
    backlog: Backlog = field(default_factory=Backlog)
    to_client: bytes = b""
    to_server: bytes = b""
    acts: list[Act] = field(default_factory=list)
    waits: list[Wait] = field(default_factory=list)

    def __post_init__(self) -> None:
        identity = Identity(upstream_from_url("http://up:1"), token=None, local=None, allow_exec=True)
        faults = Faults([parse_rule(rule) for rule in self.rules])
        self.tap = FaultyTap(faults, Admission(identity, 1, tls=False), self.backlog, server_name="up", clock=lambda: 7)

    def take(self, actions: list[Action]) -> None:
        for act, data in actions:
            self.acts.append(act)
            if act is Act.TO_CLIENT:
                assert Act.CLOSE_CLIENT not in self.acts
                self.to_client += data
            elif act is Act.TO_SERVER:
                self.to_server += data
            elif act is Act.CONNECT:
                self.take(self.tap.connected(None))
            elif act is Act.WAIT:
                self.waits.append(self.tap.waits.popleft())

    def client(self, data: bytes) -> None:
        self.take(self.tap.client_data(data))

    def server(self, data: bytes) -> None:
        self.take(self.tap.server_data(data))

    def come(self) -> None:
        """What is waited for comes."""
        self.take(self.tap.resume(self.waits.pop(0)))

    def recorded(self) -> list[Told]:
        recorder = FakeRecorder()
        if batch := self.backlog.flush():
            recorder.take(batch.data)
        recorder.commit()
        return [told for _, told in sorted(recorder.finished.items())]


def answers(data: bytes, *methods: bytes) -> list[tuple[AnswerHead, JSONObject]]:
    framer = AnswerFramer()
    for method in methods:
        framer.expect(method)
    events = framer.feed(data)
    assert framer.idle
    heads = [event for event in events if isinstance(event, AnswerHead)]
    bodies = [event for event in events if isinstance(event, Body)]
    return [(head, json.loads(body.content)) for head, body in zip(heads, bodies, strict=True)]


def test_every_third_update_conflicts_and_the_connection_is_kept() -> None:
    world = World(["409 verb=update every=3"])
    for _ in range(4):
        world.client(PUT)
        if len(world.to_server) > 0:
            world.server(OK)
            world.to_server = b""

    told = answers(world.to_client, *[b"PUT"] * 4)
    assert [head.status for head, _ in told] == [200, 200, 409, 200]
    status = told[2][1]
    assert status["reason"] == "Conflict"
    assert status["details"] == {"name": "web", "group": "apps", "kind": "deployments"}
    assert str(status["message"]).startswith('Operation cannot be fulfilled on deployments.apps "web": the object has')
    recorded = world.recorded()
    assert [each.end for each in recorded] == [End.COMPLETE, End.COMPLETE, End.REFUSED, End.COMPLETE]
    assert [each.fault for each in recorded] == ["", "", "409 verb=update every=3", ""]
    assert recorded[2].request == b"abc"
    assert Altered.FAULT in unpack_head(recorded[2].head).altered
    assert Altered.FAULT not in unpack_head(recorded[1].head).altered
    assert Act.CLOSE_CLIENT not in world.acts


def test_pipelined_requests_around_a_fault_are_answered_in_their_order() -> None:
    world = World(["500 nth=2"])
    world.client(PUT + PUT + PUT + PUT[:-1])
    assert world.tap.waiting
    world.server(OK)
    world.server(OK)
    world.client(PUT[-1:])
    world.server(OK)

    assert [head.status for head, _ in answers(world.to_client, *[b"PUT"] * 4)] == [200, 500, 200, 200]
    assert world.to_server == PUT * 3
    assert [each.end for each in world.recorded()] == [End.COMPLETE, End.REFUSED, End.COMPLETE, End.COMPLETE]


def test_too_many_requests_say_when_to_come_back() -> None:
    world = World(["429 retry-after=5 user-agent=kubectl*"])
    world.client(GET)

    ((head, status),) = answers(world.to_client, b"GET")
    assert b"\r\nRetry-After: 5\r\n" in head.raw
    assert (status["reason"], status["details"]) == ("TooManyRequests", {"retryAfterSeconds": 5})
    assert world.to_server == b""


def test_a_client_that_waits_for_a_100_gets_one_before_its_fault() -> None:
    world = World(["413"])
    head, body = PUT.replace(b"\r\n\r\n", b"\r\nExpect: 100-continue\r\n\r\n")[:-3], b"abc"
    world.client(head)
    assert world.to_client == b"HTTP/1.1 100 Continue\r\n\r\n"
    world.client(body)
    assert b" 413 " in world.to_client


def test_a_delay_holds_the_request_and_all_that_follows() -> None:
    world = World(["delay=2s nth=1"])
    world.client(PUT + GET)
    world.client(GET)
    assert (world.to_server, world.acts) == (b"", [Act.WAIT])
    assert world.tap.waiting

    world.come()
    assert world.to_server == PUT
    for _ in range(3):
        world.server(OK)
    assert world.to_server == PUT + GET + GET
    assert [(each.end, each.fault) for each in world.recorded()] == [
        (End.COMPLETE, "delay=2s nth=1"),
        (End.COMPLETE, ""),
        (End.COMPLETE, ""),
    ]
    assert Altered.FAULT not in unpack_head(world.recorded()[0].head).altered if world.recorded() else True


def test_a_delay_may_come_before_an_answer() -> None:
    world = World(["503 delay=1s"])
    world.client(PUT)
    assert world.to_client == b""
    world.come()
    assert [head.status for head, _ in answers(world.to_client, b"PUT")] == [503]


def test_a_client_that_leaves_during_a_delay_is_gone() -> None:
    world = World(["delay=2s"])
    world.client(GET)
    world.take(world.tap.client_closed())
    world.come()
    world.take(world.tap.stop())
    assert [each.end for each in world.recorded()] == [End.CLIENT_GONE]


def test_a_half_closed_client_gets_its_fault() -> None:
    world = World(["500"])
    world.client(PUT[:-1])
    world.client(PUT[-1:])
    world.take(world.tap.client_closed())
    assert b" 500 " in world.to_client
    assert world.acts[-1] is Act.CLOSE_CLIENT


def test_a_cut_takes_the_answer_but_not_the_write() -> None:
    world = World(["cut verb=update"])
    world.client(PUT)
    world.server(OK)
    assert world.to_server == PUT
    assert world.to_client == b""
    assert world.acts[-2:] == [Act.CLOSE_SERVER, Act.CLOSE_CLIENT]
    (told,) = world.recorded()
    assert (told.end, told.detail, told.fault) == (End.SERVER_GONE, "cut by a rule of --fault", "cut verb=update")


def test_a_watch_is_cut_after_so_many_events_wherever_the_chunks_end() -> None:
    world = World(["cut verb=watch after=2"])
    world.client(WATCH)
    assert b"Accept-Encoding" not in world.to_server
    sent = WATCHING + b"".join(chunk(event("ADDED", str(n))) for n in range(3))
    for n in range(0, len(sent), 7):
        world.server(sent[n : n + 7])

    assert world.to_client == WATCHING + chunk(event("ADDED", "0")) + chunk(event("ADDED", "1"))
    assert world.acts[-2:] == [Act.CLOSE_SERVER, Act.CLOSE_CLIENT]
    (told,) = world.recorded()
    assert told.end is End.SERVER_GONE
    assert told.answer == event("ADDED", "0") + event("ADDED", "1")
    assert told.fault == "cut verb=watch after=2"
    assert Altered.FAULT in unpack_head(told.head).altered


def test_a_cut_after_a_time_comes_while_the_watch_is_silent() -> None:
    world = World(["cut verb=watch after=2s"])
    world.client(WATCH)
    world.server(WATCHING + chunk(event("ADDED", "0")))
    world.come()
    assert world.to_client == WATCHING + chunk(event("ADDED", "0"))
    assert world.acts[-1] is Act.CLOSE_CLIENT


def test_a_time_that_comes_after_the_end_does_nothing() -> None:
    world = World(["cut after=2s nth=1"])
    world.client(GET)
    world.server(OK)
    world.client(GET)
    world.come()
    world.server(OK)
    assert [told.end for told in world.recorded()] == [End.COMPLETE, End.COMPLETE]


@pytest.mark.parametrize(
    "media_type", ["application/json", "application/vnd.kubernetes.protobuf;stream=watch", "application/cbor-seq"]
)
def test_a_watch_expires_as_the_server_says_it(media_type: str) -> None:
    world = World(["410 verb=watch after=1"])
    world.client(WATCH)
    pod: JSONObject = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}}
    if media_type == "application/json":
        first = event("ADDED", "a")
    elif media_type == "application/cbor-seq":
        first = encode_cbor({"type": "ADDED", "object": pod})
    else:
        data = encode_watch_event({"type": "ADDED", "object": pod})
        first = len(data).to_bytes(4) + data
    world.server(WATCHING.replace(b"application/json", media_type.encode()) + chunk(first))

    framer, cutter = AnswerFramer(), WatchCutter(media_type)
    framer.expect(b"GET")
    events = framer.feed(world.to_client)
    assert framer.idle
    assert isinstance(events[0], AnswerHead)
    assert b"\r\nConnection: close\r\n" in events[0].raw
    content = b"".join(each.content for each in events if isinstance(each, Body))
    one, error = (decode_event(media_type, data) for data, _ in cutter.feed(content))
    assert (one.type, error.type) == ("ADDED", "ERROR")
    assert (error.object["reason"], error.object["code"]) == ("Expired", 410)
    (told,) = world.recorded()
    assert (told.end, told.answer) == (End.COMPLETE, content)
    assert told.fault == "410 verb=watch after=1"
    assert world.acts[-1] is Act.CLOSE_CLIENT


def test_a_410_at_the_start_is_an_answer() -> None:
    world = World(["410 verb=watch"])
    world.client(WATCH)
    ((head, status),) = answers(world.to_client, b"GET")
    assert (head.status, status["reason"]) == (410, "Expired")


def test_the_second_modified_event_is_left_out() -> None:
    world = World(["drop-event nth=2 type=MODIFIED resource=pods"])
    world.client(WATCH)
    events = [event("ADDED", "a"), event("MODIFIED", "b"), event("MODIFIED", "c"), event("MODIFIED", "d")]
    world.server(WATCHING + chunk(b"".join(events)) + b"0\r\n\r\n")

    kept = [events[0], events[1], events[3]]
    assert world.to_client == WATCHING + b"".join(map(chunk, kept)) + b"0\r\n\r\n"
    world.client(GET)
    world.server(OK)
    first, second = world.recorded()
    assert (first.end, first.answer) == (End.COMPLETE, b"".join(kept))
    assert first.fault == "drop-event nth=2 type=MODIFIED resource=pods"
    assert second.end is End.COMPLETE


def test_a_rule_that_finds_nothing_to_drop_has_touched_nothing() -> None:
    world = World(["drop-event type=DELETED"])
    world.client(WATCH)
    world.server(WATCHING + chunk(event("ADDED", "a")) + b"0\r\n\r\n")
    (told,) = world.recorded()
    assert told.fault == ""
    assert RecordType.FAULT not in told.kinds


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
        WATCHING.replace(b"\r\n\r\n", b"\r\nContent-Encoding: gzip\r\n\r\n")
        + b"2\r\nzz\r\n1;x=y\r\nz\r\n0\r\nA: b\r\n\r\n",
        WATCHING.replace(b"application/json", b"text/plain") + b"2\r\nzz\r\n0\r\n\r\n",
    ],
    ids=["refused", "gzip", "no watch"],
)
def test_an_answer_that_cannot_be_edited_goes_on_byte_for_byte(answer: bytes) -> None:
    world = World(["cut verb=watch after=0"])
    world.client(WATCH)
    world.server(answer[:50])
    world.server(answer[50:])
    assert world.to_client == answer
    assert [told.end for told in world.recorded()] == [End.COMPLETE]


def test_chance_is_the_same_again_with_its_seed() -> None:
    def statuses() -> list[int]:
        world = World(["500 probability=0.5 seed=7"])
        for _ in range(20):
            before = world.to_server
            world.client(PUT)
            if world.to_server != before:
                world.server(OK)
        return [head.status for head, _ in answers(world.to_client, *[b"PUT"] * 20)]

    first = statuses()
    assert first == statuses()
    assert {200, 500} == set(first)


def test_the_first_rule_that_matches_acts() -> None:
    world = World(["404 verb=get", "500"])
    world.client(GET)
    world.client(PUT)
    assert [head.status for head, _ in answers(world.to_client, b"GET", b"PUT")] == [404, 500]


def test_a_fault_answers_an_upgrade_too() -> None:
    world = World(["500 nth=1"])
    exec_ = b"POST /api/v1/namespaces/default/pods/a/exec HTTP/1.1\r\nHost: up:1\r\n"
    world.client(exec_ + b"Connection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n" + GET)
    world.server(OK)
    assert [head.status for head, _ in answers(world.to_client, b"POST", b"GET")] == [500, 200]


def test_an_ambiguous_request_behind_a_delay_is_refused_in_its_turn() -> None:
    world = World(["delay=1s nth=1"])
    world.client(GET + b"GARBAGE\x00\r\n\r\n")
    world.come()
    world.server(OK)
    assert [head.status for head, _ in answers(world.to_client, b"GET", b"GET")] == [200, 400]
    assert [told.end for told in world.recorded()] == [End.COMPLETE, End.REFUSED]
