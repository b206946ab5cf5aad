"""A client and a server of the library h2 that talk at random: the wire between them, and what each was told."""

from dataclasses import dataclass, field

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import (
    ConnectionTerminated,
    DataReceived,
    RequestReceived,
    ResponseReceived,
    StreamReset,
    TrailersReceived,
)
from h2.events import Event as H2Event
from h2.exceptions import ProtocolError
from h2.settings import SettingCodes

from kproxy.wire.http2 import Data, Event, Goaway, Headers, Reset

type Told = list[tuple[str, int, object, object]]


@dataclass
class Pair:
    """Both ends. `wire`: what went over it, (from the server, bytes); `told`: what h2 said of each direction."""

    client: H2Connection = field(default_factory=lambda: _connection(client=True))
    server: H2Connection = field(default_factory=lambda: _connection(client=False))
    wire: list[tuple[bool, bytes]] = field(default_factory=list)
    told: dict[bool, Told] = field(default_factory=lambda: {False: [], True: []})

    def __post_init__(self) -> None:
        self.client.initiate_connection()
        self.server.initiate_connection()
        self.exchange()

    def exchange(self) -> bool:
        """All that either has to send goes over the wire; False: h2 does not bear what h2 sent, and it is not there.

        (Its encoder forgets to say a table's size when it is announced twice.)
        """
        moved = True
        while moved:
            moved = False
            for answer, sender, taker in ((False, self.client, self.server), (True, self.server, self.client)):
                data = sender.data_to_send()
                if data:
                    moved = True
                    try:
                        events = taker.receive_data(data)
                    except ProtocolError:
                        return False
                    self.wire.append((answer, data))
                    _note(self.told[answer], events)
        return True


def resize_table(end: H2Connection, size: int) -> None:
    """Announces another bound of the dynamic table."""
    end.update_settings({SettingCodes.HEADER_TABLE_SIZE: size})


def normal(events: list[Event]) -> Told:
    """Our events in the form of `Pair.told`."""
    told: Told = []
    for event in events:
        if isinstance(event, Headers):
            told.append(("headers", event.stream, event.fields, event.end))
        elif isinstance(event, Data):
            _data(told, event.stream, bytes(event.content), end=event.end)
        elif isinstance(event, Reset):
            told.append(("reset", event.stream, event.code, None))
        elif isinstance(event, Goaway):
            told.append(("goaway", event.last, event.code, None))
    return told


def _connection(*, client: bool) -> H2Connection:
    return H2Connection(H2Configuration(client_side=client, header_encoding=None, validate_inbound_headers=False))


def _data(told: Told, stream: int, content: bytes, *, end: bool) -> None:
    """Frames, and pieces of them, are put together."""
    if told and told[-1][:2] == ("data", stream) and not told[-1][3]:
        content = told.pop()[2] + content  # type: ignore[operator]  # it is the content of a "data"
    told.append(("data", stream, content, end))


def _note(told: Told, events: list[H2Event]) -> None:
    for event in events:
        if isinstance(event, RequestReceived | ResponseReceived | TrailersReceived):
            fields = tuple((bytes(name), bytes(value)) for name, value in event.headers or ())
            told.append(("headers", event.stream_id, fields, event.stream_ended is not None))
        elif isinstance(event, DataReceived):
            _data(told, event.stream_id, event.data or b"", end=event.stream_ended is not None)
        elif isinstance(event, StreamReset) and event.remote_reset:
            told.append(("reset", event.stream_id, event.error_code, None))
        elif isinstance(event, ConnectionTerminated):
            told.append(("goaway", event.last_stream_id or 0, event.error_code, None))
