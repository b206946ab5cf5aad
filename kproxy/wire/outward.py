"""How a tunnel through a proxy is opened, sans-I/O: HTTP's CONNECT (RFC 9110, 9.3.6) and SOCKS 5 (RFC 1928, 1929)."""

import ipaddress
import re
from base64 import b64encode
from collections.abc import Generator

from kproxy.config.outway import OutwardProxy
from kproxy.errors import KproxyError

MAX_HEAD = 16 * 1024
_ANSWER = re.compile(rb"HTTP/1\.[01] ([0-9]{3})(?: [^\r\n]*)?\r\n")
_SOCKS_REASONS = {
    1: "general failure",
    2: "not allowed",
    3: "network unreachable",
    4: "host unreachable",
    5: "connection refused",
    6: "time to live expired",
    7: "command not supported",
    8: "address type not supported",
}


class OutwardError(KproxyError):
    """The proxy opens no tunnel; one sentence, without the proxy's words."""

    next_step = "look at that proxy, or go without it: HTTPS_PROXY, NO_PROXY, the kubeconfig's proxy-url"


type _Talk = Generator[tuple[bytes, int], bytes, None]
"""Gives what is to be sent and how many bytes must come before it goes on (0: a head's end), gets what came."""


class Tunnel:
    """Opens a tunnel: send `outgoing`, feed what comes, until `open`. Not a byte behind the proxy's answer is taken."""

    def __init__(self, proxy: OutwardProxy, host: str, port: int) -> None:
        talk = _socks5(proxy, host, port) if proxy.scheme == "socks5" else _connect(proxy, host, port)
        self._talk = talk
        self._came = b""
        self.open = False
        self.outgoing, self._wanted = next(talk)

    @property
    def wanted(self) -> int:
        """How many bytes may be read: more could be the server's."""
        return max(self._wanted - len(self._came), 1) if self._wanted else 1

    def feed(self, data: bytes) -> None:
        """What the proxy said; b"": it closed. OutwardError. `outgoing` is then what is to be sent next."""
        self.outgoing = b""
        if not data:
            raise OutwardError("the proxy closed the connection")
        self._came += data
        whole = self._came.endswith(b"\r\n\r\n") if not self._wanted else len(self._came) >= self._wanted
        if not whole:
            if len(self._came) > MAX_HEAD:
                raise OutwardError("the proxy's answer has no end")
            return
        came, self._came = self._came, b""
        try:
            self.outgoing, self._wanted = self._talk.send(came)
        except StopIteration:
            self.open = True


def _connect(proxy: OutwardProxy, host: str, port: int) -> _Talk:
    where = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    lines = [f"CONNECT {where} HTTP/1.1", f"Host: {where}", "User-Agent: kproxy"]
    if proxy.username or proxy.password:
        pair = b64encode(f"{proxy.username}:{proxy.password}".encode()).decode("ascii")
        lines.append(f"Proxy-Authorization: Basic {pair}")
    answer = yield ("\r\n".join(lines) + "\r\n\r\n").encode("ascii"), 0
    match = _ANSWER.match(answer)
    if match is None:
        raise OutwardError("the proxy's answer to CONNECT is no HTTP")
    if not match[1].startswith(b"2"):
        raise OutwardError(f"the proxy answered {match[1].decode()} to CONNECT")


def _socks5(proxy: OutwardProxy, host: str, port: int) -> _Talk:
    named = bool(proxy.username or proxy.password)
    version, method = yield (b"\x05\x02\x00\x02" if named else b"\x05\x01\x00"), 2
    if version != 5 or method not in ({0, 2} if named else {0}):
        raise OutwardError("the proxy speaks no SOCKS 5, or wants other credentials")
    if method == 2:
        user, password = proxy.username.encode(), proxy.password.encode()
        answer = yield b"\x01%c%b%c%b" % (len(user), user, len(password), password), 2
        if answer[1] != 0:
            raise OutwardError("the proxy does not take its user and password")
    head = yield b"\x05\x01\x00" + _address(host) + port.to_bytes(2, "big"), 5
    if head[0] != 5 or head[1] != 0:
        raise OutwardError(f"the proxy answered: {_SOCKS_REASONS.get(head[1], 'no')}")
    # The fifth byte belongs to the address that the proxy has bound, which nobody needs, and to the port behind it.
    rest = {1: 4 - 1 + 2, 3: head[4] + 2, 4: 16 - 1 + 2}.get(head[3])
    if rest is None:
        raise OutwardError("the proxy answered with an address of no known kind")
    yield b"", rest


def _address(host: str) -> bytes:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        name = host.encode("ascii")
        if len(name) > 255:
            raise OutwardError("the server's name is too long for SOCKS") from None
        return b"\x03%c%b" % (len(name), name)
    return (b"\x01" if address.version == 4 else b"\x04") + address.packed
