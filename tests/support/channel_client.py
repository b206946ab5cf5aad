"""A client of exec as libraries write it: a WebSocket with one of the older subprotocols, by hand."""

import base64
import os
import socket
import ssl
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlencode, urlsplit

import yaml

from kproxy.wire.websocket import BINARY, CLOSE, TEXT, WebSocketReader
from tests.support.upgraded import websocket

PATIENCE = 60


@dataclass
class ChannelClient:
    """One upgraded connection; `coded`: base64 text messages with a digit before them."""

    connection: ssl.SSLSocket
    coded: bool
    reader: WebSocketReader = field(default_factory=WebSocketReader)
    _messages: list[tuple[int, bytes]] = field(default_factory=list)
    _part: bytes = b""

    def say(self, channel: int, data: bytes) -> None:
        """A message on a channel."""
        key = os.urandom(4)
        if self.coded:
            self.connection.sendall(websocket(TEXT, b"%d" % channel + base64.b64encode(data), key=key))
        else:
            self.connection.sendall(websocket(BINARY, bytes([channel]) + data, key=key))

    def hear(self) -> Iterator[tuple[int, bytes]]:
        """(channel, data) of each message, until the server closes."""
        while True:
            while self._messages:
                opcode, payload = self._messages.pop(0)
                if opcode == CLOSE:
                    return
                if opcode in {TEXT, BINARY} and payload:
                    yield self._decoded(payload)
            data = self.connection.recv(65536)
            if not data:
                return
            self.take(data)

    def take(self, data: bytes) -> None:
        """Bytes of the server's."""
        for part in self.reader.feed(data):
            self._part += part.stretch.read(0, len(part.stretch))
            if part.last:
                self._messages.append((part.opcode, self._part))
                self._part = b""

    def _decoded(self, payload: bytes) -> tuple[int, bytes]:
        if self.coded:
            return payload[0] - ord("0"), base64.b64decode(payload[1:])
        return payload[0], payload[1:]


def channel_client(
    kubeconfig: Path, path: str, query: dict[str, str], protocol: str, command: list[str]
) -> ChannelClient:
    """Connected as this kubeconfig says, the upgrade granted."""
    config = yaml.safe_load(kubeconfig.read_text())
    name = config["current-context"]
    chosen = next(each["context"] for each in config["contexts"] if each["name"] == name)
    cluster = next(each["cluster"] for each in config["clusters"] if each["name"] == chosen["cluster"])
    user = next(each["user"] for each in config["users"] if each["name"] == chosen["user"])
    server = urlsplit(cluster["server"])
    context = ssl.create_default_context(cadata=base64.b64decode(cluster["certificate-authority-data"]).decode())
    plain = socket.create_connection((server.hostname or "", server.port or 443), PATIENCE)
    client = ChannelClient(context.wrap_socket(plain, server_hostname=server.hostname), "base64" in protocol)
    asked = urlencode([*query.items(), *(("command", word) for word in command)])
    key = base64.b64encode(os.urandom(16)).decode()
    offered = f"Sec-WebSocket-Protocol: {protocol}\r\n" if protocol else ""
    client.connection.sendall(
        f"GET {path}?{asked} HTTP/1.1\r\nHost: {server.netloc}\r\nAuthorization: Bearer {user['token']}\r\n"
        f"Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n"
        f"{offered}\r\n".encode()
    )
    head = b""
    while b"\r\n\r\n" not in head:
        more = client.connection.recv(65536)
        assert more, head
        head += more
    assert head.startswith(b"HTTP/1.1 101"), head
    head, _, rest = head.partition(b"\r\n\r\n")
    if rest:
        client.take(rest)
    return client
