"""The recorder's socket."""

import asyncio
import socket

from kproxy.record.line import Line
from tests.support.loop import in_loop


@in_loop
async def test_what_was_sent_before_the_other_end_died_is_read() -> None:
    """A peer that closes with something unread resets the connection: what it had sent must not be forgotten."""
    ours, theirs = socket.socketpair()
    line = Line(theirs)
    line.write(b"an acknowledgement that is never read")
    ours.sendall(b"x" * 1000)
    ours.close()
    assert await line.exactly(600) == b"x" * 600
    line.write(b"and another one")
    assert await line.exactly(600) == b"x" * 400
    assert await line.exactly(1) == b""
    line.close()


@in_loop
async def test_writing_never_waits_and_nothing_is_lost() -> None:
    ours, theirs = socket.socketpair()
    line = Line(theirs)
    for number in range(20_000):
        line.write(b"%021d" % number)
    ours.setblocking(False)
    received = b""
    while len(received) < 20_000 * 21:
        received += await asyncio.get_running_loop().sock_recv(ours, 1 << 20)
    assert received == b"".join(b"%021d" % number for number in range(20_000))
    line.close()
    ours.close()
