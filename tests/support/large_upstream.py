"""An api-server for tests of what is large: it takes uploads, and sends logs, lists and watches of any size."""

import json
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from urllib.parse import parse_qs, urlsplit

LINE = b"2026-01-02T03:04:05.000000006Z " + b"what a program has to say about what it does; " * 5 + b"\n"
CHUNK = LINE * 256
PAUSE = 0.25
"""Seconds between an answer's first bytes and the rest: whoever holds them back until there is more is late by that."""


@dataclass
class LargeUpstream:
    """Where it is, and how many bytes of uploads it has taken."""

    url: str
    uploaded: list[int] = field(default_factory=list)


@contextmanager
def large_upstream(context: ssl.SSLContext | None = None) -> Iterator[LargeUpstream]:
    """POST takes a body; GET answers …/log?bytes=N, …/pods?bytes=N, and …?watch=1 with a watch that says nothing."""
    listener = socket.create_server(("127.0.0.1", 0), backlog=4096)
    scheme = "http" if context is None else "https"
    upstream = LargeUpstream(f"{scheme}://127.0.0.1:{listener.getsockname()[1]}")
    connections: list[socket.socket] = []
    thread = threading.Thread(target=_accept, args=(listener, context, upstream, connections), daemon=True)
    thread.start()
    try:
        yield upstream
    finally:
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()
        for connection in connections:
            connection.close()


def _accept(
    listener: socket.socket, context: ssl.SSLContext | None, upstream: LargeUpstream, connections: list[socket.socket]
) -> None:
    while True:
        try:
            connection = listener.accept()[0]
        except OSError:
            return
        threading.Thread(target=_serve, args=(connection, context, upstream, connections), daemon=True).start()


def _serve(
    raw: socket.socket, context: ssl.SSLContext | None, upstream: LargeUpstream, connections: list[socket.socket]
) -> None:
    with suppress(OSError, EOFError):
        connection = raw if context is None else context.wrap_socket(raw, server_side=True)
        connections.append(connection)
        head, body = _head(connection)
        line, _, fields = head.partition(b"\r\n")
        method, target, _ = line.decode().split()
        asked = parse_qs(urlsplit(target).query)
        if method == "POST":
            upstream.uploaded.append(len(body) + _take(connection, _length(fields) - len(body)))
            connection.sendall(b"HTTP/1.1 201 Created\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}")
        elif "watch" in asked:
            connection.sendall(
                b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
            )
            return  # it stays open: `connections` keeps it
        elif urlsplit(target).path.endswith("/log"):
            _send_log(connection, int(asked["bytes"][0]))
        elif "bytes" in asked:
            _send_list(connection, int(asked["bytes"][0]))
        else:
            connection.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n")
        connection.close()


def _head(connection: socket.socket) -> tuple[bytes, bytes]:
    data = b""
    while b"\r\n\r\n" not in data:
        more = connection.recv(65536)
        if not more:
            raise EOFError
        data += more
    head, _, body = data.partition(b"\r\n\r\n")
    return head, body


def _length(fields: bytes) -> int:
    named = (line.partition(b":") for line in fields.split(b"\r\n"))
    return next(int(value) for name, _, value in named if name.lower() == b"content-length")


def _take(connection: socket.socket, count: int) -> int:
    taken, buffer = 0, bytearray(1 << 18)
    while taken < count and (size := connection.recv_into(buffer)):
        taken += size
    return taken


def _send_log(connection: socket.socket, size: int) -> None:
    connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n")
    connection.sendall(b"%x\r\n%s\r\n" % (len(LINE), LINE))
    threading.Event().wait(PAUSE)
    chunk = b"%x\r\n%s\r\n" % (len(CHUNK), CHUNK)
    for _ in range(size // len(CHUNK)):
        connection.sendall(chunk)
    connection.sendall(b"0\r\n\r\n")


def _send_list(connection: socket.socket, size: int) -> None:
    begin = b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"7"},"items":['
    item = json.dumps({"metadata": {"name": "p", "annotations": {"note": "a pod among many; " * 50}}}).encode() + b","
    items, rest = divmod(size - len(begin) - 4, len(item))
    end = b"{}" + b" " * rest + b"]}"
    length = len(begin) + items * len(item) + len(end)
    connection.sendall(
        b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (length, begin)
    )
    threading.Event().wait(PAUSE)
    at_once = 256
    for _ in range(items // at_once):
        connection.sendall(item * at_once)
    connection.sendall(item * (items % at_once) + end)
