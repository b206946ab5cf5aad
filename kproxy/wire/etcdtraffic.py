"""Reads the calls off one connection between an api-server and etcd, both directions, from its first byte."""

from collections.abc import Callable
from dataclasses import replace

from kproxy.model.etcd import ClusterId, EtcdCall
from kproxy.wire.etcdcalls import METHODS, PREFIX
from kproxy.wire.etcdmanystreams import KeepAlives, Watches
from kproxy.wire.etcdstreams import Calls, Opened, Stream, Unary
from kproxy.wire.grpcmessages import Budget
from kproxy.wire.http2 import Data, Event, Fields, Goaway, Headers, Http2Connection, Http2Error, Http2Side, Reset
from kproxy.wire.tracecontext import trace_ids

MAX_STREAMS = 20_000
"""Streams of a connection that may be open; with more it is read no more."""
HELD = 64 * 1024 * 1024
"""Bytes of open messages that a connection holds at most; a message beyond is counted only."""
_WATCH = "Watch/Watch"
_KEEP_ALIVE = "Lease/LeaseKeepAlive"


class EtcdTraffic:
    """One connection. Feed what passed in the order in which it passed; the calls that it completes come back.

    `wanted`: whether anybody wants calls. While nobody does, calls of one request are passed over, which costs less;
    streams of many are followed all the same, as later ones are understood by earlier ones.
    `unreadable`: why nothing is read any more; "" as long as it is.
    """

    def __init__(self, connection: int, number: Callable[[], int], *, wanted: bool = True) -> None:
        self.wanted = wanted
        self.unreadable = ""
        self.connection = connection
        self._number = number
        self._http = Http2Connection()
        self._streams: dict[int, Stream] = {}
        self._last = 0
        self._budget = Budget(HELD)
        self._cluster = ClusterId("")

    def request(self, data: bytes, at: int) -> list[EtcdCall]:
        """The client's bytes, which passed at `at`."""
        return self._take(self._http.client, self._asked, data, at)

    def answer(self, data: bytes, at: int) -> list[EtcdCall]:
        """The server's."""
        return self._take(self._http.server, self._answered, data, at)

    def _take(self, side: Http2Side, read: Callable[[Event, int, Calls], None], data: bytes, at: int) -> Calls:
        if self.unreadable:
            return []
        calls: Calls = []
        try:
            try:
                for event in side.feed(data):
                    read(event, at, calls)
            except Http2Error as error:
                for event in error.before:
                    read(event, at, calls)
                raise
        except Http2Error as error:
            calls += self._give_up(f"{error} (from {'etcd' if side is self._http.server else 'the api-server'})", at)
        return calls

    def close(self, at: int) -> list[EtcdCall]:
        """The connection is at its end: calls that are open get no answer any more."""
        return [call for stream in list(self._streams) for call in self._end(stream, at, None)]

    def _asked(self, event: Event, at: int, calls: Calls) -> None:
        if isinstance(event, Data):
            stream = self._streams.get(event.stream)
            if stream is not None and event.content:
                calls += self._known(stream.request(event.content, at))
        elif isinstance(event, Headers):
            self._begin(event, at)
        elif isinstance(event, Reset):
            calls += self._end(event.stream, at, None)

    def _answered(self, event: Event, at: int, calls: Calls) -> None:
        if isinstance(event, Goaway):
            for number in [number for number in self._streams if number > event.last]:
                calls += self._end(number, at, None)
            return
        stream = self._streams.get(event.stream)
        if stream is None:
            return
        if isinstance(event, Data) and event.content:
            calls += self._known(stream.answer(event.content, at))
        if isinstance(event, Reset):
            calls += self._end(event.stream, at, None)
        elif event.end:
            calls += self._end(event.stream, at, _status(event.fields) if isinstance(event, Headers) else None)

    def _begin(self, head: Headers, at: int) -> None:
        number = head.stream
        if number <= self._last:  # trailers, or a stream that is over
            return
        self._last = number
        path = trace = b""
        for field, value in head.fields:
            if field == b":path":
                path = value
            elif field == b"traceparent":
                trace = value
        if not path.startswith(PREFIX):
            return
        name = path[len(PREFIX) :].decode("ascii", "replace")
        method = METHODS.get(name)
        if (method is None and name != _WATCH) or not (self.wanted or name in {_WATCH, _KEEP_ALIVE}):
            return
        if len(self._streams) >= MAX_STREAMS:
            raise Http2Error(f"more than {MAX_STREAMS} streams are open")
        trace_id, parent_id = trace_ids(trace) if trace else ("", "")
        opened = Opened(self.connection, number, self._number, at, trace_id, parent_id)
        if method is None:
            self._streams[number] = Watches(opened, self._budget)
        elif name == _KEEP_ALIVE:
            self._streams[number] = KeepAlives(method, opened, self._budget)
        else:
            self._streams[number] = Unary(method, opened, self._budget)

    def _end(self, number: int, at: int, status: int | None) -> Calls:
        stream = self._streams.pop(number, None)
        return [] if stream is None else self._known(stream.end(at, status))

    def _known(self, calls: Calls) -> Calls:
        """An answer that failed names no cluster; it is the one that the others name."""
        for place, call in enumerate(calls):
            if call.cluster:
                self._cluster = call.cluster
            elif self._cluster:
                calls[place] = replace(call, cluster=self._cluster)
        return calls

    def _give_up(self, reason: str, at: int) -> Calls:
        self.unreadable = reason
        for stream in self._streams.values():
            stream.unreadable(reason)
        return self.close(at)


def _status(fields: Fields) -> int | None:
    """Trailers' grpc-status."""
    for name, value in fields:
        if name == b"grpc-status":
            return int(value) if value.isdigit() and len(value) < 5 else None
    return None
