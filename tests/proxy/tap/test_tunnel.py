"""An exec through the tap, its records through a recorder's assembler: what goes by is what is recorded."""

from dataclasses import dataclass, field

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import BodyState, Digest, Direction, End, Exchange, Frame
from kproxy.model.session import Gap
from kproxy.proxy.handover.backlog import Backlog, Batch
from kproxy.proxy.identity.judge import Identity
from kproxy.proxy.tap.actions import Act, Action
from kproxy.proxy.tap.admission import Admission
from kproxy.proxy.tap.tap import Tap
from kproxy.record.assembly import Assembler
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.wire.handoff import BATCH, unpack_records
from kproxy.wire.websocket import BINARY, CLOSE
from tests.support.upgraded import Spdy, spdy_data, websocket

PSEUDONYMS = Pseudonyms(b"1" * 32)
KEY = b"\x01\x02\x03\x04"
ASK = (
    b"GET /api/v1/namespaces/a/pods/b/exec?command=cat&stdin=true HTTP/1.1\r\nHost: up:1\r\nConnection: Upgrade\r\n"
    b"Upgrade: websocket\r\nSec-WebSocket-Protocol: v5.channel.k8s.io,v4.channel.k8s.io\r\n\r\n"
)
GRANTED = (
    b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Protocol: v5.channel.k8s.io\r\n\r\n"
)


def typed(text: bytes) -> bytes:
    """A message on stdin."""
    return websocket(BINARY, b"\x00" + text, key=KEY)


def printed(text: bytes) -> bytes:
    """A message on stdout."""
    return websocket(BINARY, b"\x01" + text)


@dataclass
class World:
    """A tap, a backlog, and one recorder after the other; what is committed stays."""

    backlog: Backlog = field(default_factory=Backlog)
    exec_content: int = 0
    to_client: bytes = b""
    to_server: bytes = b""
    frames: dict[int, Frame] = field(default_factory=dict)
    exchange: Exchange | None = None
    gaps: list[Gap] = field(default_factory=list)
    bodies: dict[Digest, bytes] = field(default_factory=dict)
    committed: int = 0
    wire: list[bytes] = field(default_factory=list)

    def __post_init__(self) -> None:
        identity = Identity(upstream_from_url("http://up:1"), token=None, local=None, allow_exec=True)
        self.tap = Tap(
            Admission(identity, 1, tls=False),
            self.backlog,
            server_name="the server",
            exec_content=self.exec_content,
            clock=lambda: 7,
        )
        self.assembler = self.recorder()

    def recorder(self) -> Assembler:
        """A new one."""
        return Assembler(Redactor(PSEUDONYMS, Literals(PSEUDONYMS, ["known-secret"])), epoch=0, max_body=1000)

    def act(self, actions: list[Action]) -> None:
        """Carry them out."""
        for act, data in actions:
            if act is Act.TO_CLIENT:
                self.to_client += data
            elif act is Act.TO_SERVER:
                self.to_server += data

    def upgrade(self, granted: bytes = GRANTED) -> "World":
        """The connection is another protocol's from now on."""
        self.act(self.tap.client_data(ASK))
        self.act(self.tap.connected(None))
        self.act(self.tap.server_data(granted))
        return self

    def client(self, data: bytes) -> None:
        self.act(self.tap.client_data(data))

    def server(self, data: bytes) -> None:
        self.act(self.tap.server_data(data))

    def flush(self) -> None:
        batch: Batch | None = self.backlog.flush()
        if batch is not None:
            self.wire.append(batch.data)

    def commit(self, *, checkpoint: bool = True) -> None:
        """The recorder takes all that there is, and says so."""
        self.flush()
        for batch in self.wire:
            self.take(batch)
        self.wire.clear()
        self.backlog.committed(self.committed)
        if checkpoint:
            for told in self.checkpoints:
                self.backlog.checkpoint(*told)

    checkpoints: list[tuple[int, int, int]] = field(default_factory=list)

    def take(self, batch: bytes) -> None:
        number, _ = BATCH.unpack_from(batch)
        self.assembler.take(unpack_records(batch[BATCH.size :]))
        made = self.assembler.flush(number)
        self.frames |= {frame.index: frame for frame in made.batch.frames}
        self.bodies |= made.batch.bodies
        self.gaps += made.batch.gaps
        self.exchange = made.batch.exchanges[-1] if made.batch.exchanges else self.exchange
        self.committed = number or self.committed
        self.checkpoints = [(one.seq, one.offset, one.frames) for one in made.checkpoints]

    def die(self) -> None:
        """The recorder is killed; the next one is told what it needs."""
        self.assembler = self.recorder()
        again, batches = self.backlog.again(self.committed)
        self.wire = [batch.data for batch in batches]
        if again:
            self.take(again)

    def finish(self) -> Exchange:
        """Both sides close; all is committed."""
        self.act(self.tap.client_closed())
        self.act(self.tap.server_closed())
        self.flush()
        self.commit()
        assert self.exchange is not None
        return self.exchange

    def told(self) -> list[tuple[str, str, int]]:
        """The frames as (direction, channel, size)."""
        return [
            (">" if frame.direction is Direction.REQUEST else "<", frame.channel, frame.body.size)
            for _, frame in sorted(self.frames.items())
        ]


def test_an_exec_is_recorded_as_frames_and_goes_through_untouched() -> None:
    world = World().upgrade()
    asked, answered = typed(b"hello") + websocket(BINARY, b"\xff\x00", key=KEY), printed(b"") + printed(b"hello")
    for at in range(len(asked)):
        world.client(asked[at : at + 1])
    world.server(answered + websocket(BINARY, b"\x03{}") + websocket(CLOSE, b"\x03\xe8"))
    world.client(websocket(CLOSE, b"\x03\xe8", key=KEY))
    exchange = world.finish()
    assert world.to_server.endswith(asked + websocket(CLOSE, b"\x03\xe8", key=KEY))
    assert world.to_client == GRANTED + answered + websocket(BINARY, b"\x03{}") + websocket(CLOSE, b"\x03\xe8")
    assert world.told() == [
        (">", "stdin", 5),
        (">", "close:stdin", 0),
        ("<", "stdout", 0),
        ("<", "stdout", 5),
        ("<", "error", 2),
        ("<", "close", 2),
        (">", "close", 2),
    ]
    assert {frame.kind for frame in world.frames.values()} == {"channel"}
    assert {frame.body.state for frame in world.frames.values()} == {BodyState.COUNTED, BodyState.EMPTY}
    assert exchange.end is End.COMPLETE
    assert exchange.answer is not None
    assert exchange.request.body.size == len(asked) + 8
    assert exchange.answer.body.size == len(world.to_client) - len(GRANTED)
    assert world.gaps == []
    assert not world.bodies


def test_frames_that_come_with_the_answers_head_or_before_it_are_not_missed() -> None:
    world = World()
    world.act(world.tap.client_data(ASK + typed(b"early")))
    world.act(world.tap.connected(None))
    world.act(world.tap.server_data(GRANTED + printed(b"late")))
    world.finish()
    assert sorted(world.told()) == [("<", "stdout", 4), (">", "stdin", 5)]


def test_content_is_kept_where_it_is_asked_for_up_to_its_bound_and_without_known_secrets() -> None:
    world = World(exec_content=30).upgrade()
    world.client(typed(b"echo known-secret"))
    world.server(printed(b"x" * 100))
    world.finish()
    typed_body, printed_body = (frame.body for _, frame in sorted(world.frames.items()))
    assert typed_body.digest is not None
    assert (typed_body.state, typed_body.size) == (BodyState.KEPT, 17)
    assert world.bodies[typed_body.digest].startswith(b"echo ")
    assert b"known-secret" not in world.bodies[typed_body.digest]
    assert printed_body.digest is not None
    assert (printed_body.state, printed_body.size) == (BodyState.PARTIAL, 100)
    assert world.bodies[printed_body.digest] == b"x" * 30


def test_bytes_that_cannot_be_read_go_on_and_leave_a_reason() -> None:
    world = World().upgrade()
    world.server(printed(b"ok") + b"\xf3 no frame")
    world.server(printed(b"nobody reads this"))
    world.finish()
    assert world.to_client == GRANTED + printed(b"ok") + b"\xf3 no frame" + printed(b"nobody reads this")
    assert world.told() == [("<", "stdout", 2)]
    assert ["cannot be read from here on" in gap.reason for gap in world.gaps] == [True]


def test_a_protocol_that_kproxy_does_not_know_is_a_tunnel_with_a_reason() -> None:
    world = World().upgrade(GRANTED.replace(b"v5.channel", b"v9.channel"))
    world.server(b"what?")
    exchange = world.finish()
    assert world.told() == []
    assert exchange.answer is not None
    assert exchange.answer.body.size == 5
    assert ["does not know this WebSocket subprotocol" in gap.reason for gap in world.gaps] == [True]


def test_what_broke_off_is_recorded_when_the_client_is_gone() -> None:
    world = World().upgrade()
    world.client(typed(b"0123456789")[:-4])
    world.act(world.tap.stop(End.CLIENT_GONE, "reset"))
    exchange = world.finish()
    assert world.told() == [(">", "stdin", 6)]
    assert exchange.end is End.CLIENT_GONE


GOODBYE = websocket(CLOSE, b"\x03\xe8")


@pytest.mark.parametrize(
    ("steps", "end"),
    [
        (["status", "server leaves", "client leaves"], End.COMPLETE),
        (["server's goodbye", "client leaves", "server leaves"], End.COMPLETE),
        (["client's goodbye", "client leaves", "client cannot be reached"], End.COMPLETE),
        (["client leaves", "server's goodbye", "server leaves"], End.CLIENT_GONE),
        (["client cannot be reached"], End.CLIENT_GONE),
        (["server leaves", "client's goodbye", "client leaves"], End.SERVER_GONE),
        (["recording stops"], End.STOPPED),
        (["client's goodbye", "recording stops"], End.STOPPED),
    ],
)
def test_an_exec_ends_as_its_protocol_says_or_as_who_closed_first(steps: list[str], end: End) -> None:
    world = World().upgrade()
    world.client(typed(b"hello"))
    doing = {
        "status": lambda: world.server(websocket(BINARY, b"\x03{}")),
        "server's goodbye": lambda: world.server(GOODBYE),
        "client's goodbye": lambda: world.client(websocket(CLOSE, b"\x03\xe8", key=KEY)),
        "client leaves": lambda: world.act(world.tap.client_closed()),
        "server leaves": lambda: world.act(world.tap.server_closed()),
        "client cannot be reached": lambda: world.act(world.tap.stop(End.CLIENT_GONE, "reset")),
        "recording stops": lambda: world.act(world.tap.stop()),
    }
    for step in steps:
        doing[step]()
    world.flush()
    world.commit()
    assert world.exchange is not None
    assert world.exchange.end is end


OPS = ["client", "server", "flush", "commit", "commit without checkpoint", "die"]


@settings(max_examples=200)
@example(["client", "commit", "client", "commit without checkpoint", "die", "client"])
@given(st.lists(st.sampled_from(OPS), max_size=40))
def test_whenever_the_recorder_dies_each_frame_is_there_once_and_the_totals_are_exact(steps: list[str]) -> None:
    world, sent = World(exec_content=100).upgrade(), list[tuple[str, str, int]]()
    sizes = [0, 0]
    for number, step in enumerate(steps):
        text = b"x" * number
        if step == "client":
            world.client(typed(text))
            sent.append((">", "stdin", len(text)))
            sizes[0] += len(typed(text))
        elif step == "server":
            world.server(printed(text))
            sent.append(("<", "stdout", len(text)))
            sizes[1] += len(printed(text))
        elif step == "flush":
            world.flush()
        elif step == "die":
            world.die()
        else:
            world.commit(checkpoint=step == "commit")
    exchange = world.finish()
    assert world.told() == sent
    assert list(world.frames) == sorted(world.frames)
    assert exchange.answer is not None
    assert [exchange.request.body.size, exchange.answer.body.size] == sizes
    assert world.backlog.retained_bytes == world.backlog.pending_bytes == 0


def test_an_exec_of_a_day_is_not_held_in_memory() -> None:
    world = World().upgrade()
    for _ in range(2000):
        world.server(printed(b"tick"))
        world.flush()
        world.commit()
    assert world.backlog.retained_bytes < 1000
    world.die()
    world.server(printed(b"tock!"))
    exchange = world.finish()
    assert [size for _, _, size in world.told()] == [4] * 2000 + [5]
    assert exchange.answer is not None
    assert exchange.answer.body.size == len(printed(b"tick")) * 2000 + len(printed(b"tock!"))


def test_frames_that_a_full_buffer_leaves_out_are_counted_and_later_ones_come_again() -> None:
    world = World(Backlog(2000, "pass")).upgrade()
    for _ in range(100):
        world.server(printed(b"0123456789"))
    world.flush()
    world.commit()
    world.server(printed(b"again"))
    exchange = world.finish()
    kept = [size for _, _, size in world.told()]
    assert 10 < kept.count(10) < 100
    assert kept[-1] == 5
    (gap,) = world.gaps
    assert gap.count == (100 - kept.count(10)) * 10
    assert exchange.answer is not None
    assert exchange.answer.body.size == len(printed(b"0123456789")) * 100 + len(printed(b"again"))


@pytest.mark.parametrize("when_stuck", ["pass", "block"])
def test_frames_left_out_at_the_end_are_counted_too(when_stuck: str) -> None:
    world = World(Backlog(2000, "pass" if when_stuck == "pass" else "block")).upgrade()
    for _ in range(100):
        world.server(printed(b"0123456789"))
    exchange = world.finish()
    assert sum(size for *_, size in world.told()) + sum(gap.count for gap in world.gaps) == 1000
    assert bool(world.gaps) == (when_stuck == "pass")
    assert exchange.answer is not None
    assert exchange.answer.body.size == len(printed(b"0123456789")) * 100


def test_spdy_goes_the_same_way() -> None:
    world, client = World(), Spdy()
    ask = ASK.replace(b"websocket", b"SPDY/3.1")
    world.act(world.tap.client_data(ask))
    world.act(world.tap.connected(None))
    world.act(
        world.tap.server_data(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: SPDY/3.1\r\n\r\n")
    )
    world.client(client.opened(1, streamtype="stdin") + spdy_data(1, b"x" * 100_000, fin=True))
    world.finish()
    assert world.told() == [(">", "open:stdin", 0), (">", "stdin", 100_000), (">", "close:stdin", 0)]
