"""A watch over WebSocket: each text message of the server's is an event (apiserver/pkg/endpoints/handlers/watch.go).

Browsers' clients watch like this. Messages become the lines of a streamed watch: `WatchCutter` (watchevents.py) cuts
these too. A line's end within a message (JSON that is indented) becomes a space: in JSON it is nothing but space, and
the message stays one event.
"""

from collections.abc import Iterator

from kproxy.wire.requestinfo import request_info
from kproxy.wire.stretch import StreamError
from kproxy.wire.websocket import BINARY, CLOSE, TEXT, WebSocketReader


def is_watch_socket(method: str, target: str, upgrade: str) -> bool:
    """Whether an upgraded connection carries a watch."""
    return upgrade.lower() == "websocket" and request_info(method, target).verb == "watch"


class WatchSocket:
    """Reads the server's side. `over`: it has said that the watch ends."""

    def __init__(self) -> None:
        self.over = False
        self._reader = WebSocketReader()

    def feed(self, data: bytes) -> Iterator[bytes]:
        """The stream's bytes that these hold, however messages are cut. StreamError: they are not JSON's."""
        for part in self._reader.feed(data):
            if part.opcode == TEXT:
                if part.stretch:
                    yield part.stretch.read(0, len(part.stretch)).replace(b"\n", b" ")
                if part.last:
                    yield b"\n"
            elif part.opcode == BINARY:
                raise StreamError("the events of a watch over WebSocket are read in JSON only")
            elif part.opcode == CLOSE:
                self.over = True
