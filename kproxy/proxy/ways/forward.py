"""kproxy as a forward proxy (HTTPS_PROXY, a kubeconfig's proxy-url), sans-I/O: who may use it, and for which servers.

Over https clients ask for a tunnel with CONNECT, inside of which kproxy plays the api-server; over http each request
names its server itself. Only the recorded api-server is reached so; both need Proxy-Authorization, for whoever uses
kproxy uses the kubeconfig's credentials.
"""

import hmac
import re
from base64 import b64decode, b64encode
from binascii import Error as Base64Error
from dataclasses import dataclass
from typing import NamedTuple

from kproxy.model.exchange import Altered
from kproxy.proxy.status import OwnAnswer, status_answer
from kproxy.proxy.tap.entrance import Entrance
from kproxy.wire.http1 import FramingError, RequestHead
from kproxy.wire.http1_head import check_trailers, parse_request_head

USER = "kproxy"
ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"
MAX_CONNECT = 64 * 1024
"""Bytes of a CONNECT's head."""

_CONNECT = re.compile(rb"CONNECT (\[[0-9A-Fa-f:.%a-z]{2,64}\]|[A-Za-z0-9._-]{1,255}):([0-9]{1,5}) HTTP/1\.[01]\r\n")
_ABSOLUTE = re.compile(rb"(?i:http)://(\[[0-9A-Fa-f:.]{2,64}\]|[A-Za-z0-9._-]{1,255})(?::([0-9]{1,5}))?(?=[/?]|\Z)")
_PROXY_FIELD = re.compile(rb"(?<=\n)(?i:proxy-authorization|proxy-connection):[^\n]*\n")
_AUTHORIZATION = re.compile(rb"\n(?i:proxy-authorization):[ \t]*([^\r]*)")
_CONTENT = re.compile(rb"\n(?i:content-length:[ \t]*0*[1-9]|transfer-encoding:)")
_CHALLENGE = 'Proxy-Authenticate: Basic realm="kproxy", charset="UTF-8"\r\n'
_WHO = "kproxy is a proxy for those who show its token: user kproxy, the token as password (KPROXY_PROXY has both)."


class Destination(NamedTuple):
    """A server that a client wants: a lower-case name or an address without brackets."""

    host: str
    port: int


@dataclass(frozen=True, slots=True)
class Members:
    """Who may use the forward proxy. `token`: the password; None: everyone."""

    token: str | None

    def refusal(self, fields_raw: bytes, method: bytes) -> OwnAnswer | None:
        """407 for a head's fields without the right Proxy-Authorization."""
        if self.token is None:
            return None
        shown = _AUTHORIZATION.findall(b"\n" + fields_raw)
        if len(shown) == 1 and hmac.compare_digest(_password(shown[0]), self.token.encode()):
            return None
        return status_answer(407, _WHO, method, extra=_CHALLENGE)


def connect_destination(raw: bytes) -> Destination | OwnAnswer:
    """Where a CONNECT with this head leads; 400 for one that is none."""
    try:
        return _connect_destination(raw)
    except FramingError as error:
        return status_answer(400, f"kproxy does not understand this CONNECT: {error}", b"CONNECT")


def basic_credentials(token: str) -> str:
    """What whoever shows this token sends, as Basic has it."""
    return b64encode(f"{USER}:{token}".encode()).decode("ascii")


def fields_of(raw: bytes) -> bytes:
    """A head without its first line."""
    return raw[raw.find(b"\n") + 1 :]


def foreign(host: str, port: int, method: bytes) -> OwnAnswer:
    """403: another server than the recorded one."""
    return status_answer(403, f"kproxy leads to the recorded api-server only, not to {host}:{port}.", method)


class AbsoluteForm:
    """An Entrance: requests that name their server, `GET http://HOST:PORT/api HTTP/1.1`."""

    altered = Altered.HOP_BY_HOP

    def __init__(self, members: Members, servers: frozenset[Destination], inner: Entrance | None = None) -> None:
        self._members = members
        self._servers = servers
        self._inner = inner

    def enter(self, head: RequestHead) -> RequestHead | OwnAnswer:
        """The request as its server would get it, without what is the proxy's."""
        match = _ABSOLUTE.match(head.target)
        if match is None:
            return status_answer(400, "kproxy is a forward proxy here: a request must name its server.", head.method)
        refused = self._members.refusal(head.fields_raw, head.method)
        if refused is not None:
            return refused
        try:
            wanted = _destination(match[1], match[2] or b"80")
            if wanted not in self._servers:
                return foreign(wanted.host, wanted.port, head.method)
            path = head.target[match.end() :]
            line = b"%b %b HTTP/%b\r\n" % (head.method, path if path[:1] == b"/" else b"/" + path, head.version)
            fields = _PROXY_FIELD.sub(b"", b"\n" + head.fields_raw)[1:]
            entered = parse_request_head(line + fields)
        except FramingError as error:
            return status_answer(400, str(error), head.method)
        entered.offset = head.offset
        return self._inner.enter(entered) if self._inner is not None else entered


def _connect_destination(raw: bytes) -> Destination:
    match = _CONNECT.match(raw)
    if match is None:
        raise FramingError("It must be CONNECT HOST:PORT HTTP/1.1.")
    check_trailers(raw[match.end() :])
    if _CONTENT.search(raw):
        raise FramingError("It has content.")
    return _destination(match[1], match[2])


def _destination(host: bytes, port: bytes) -> Destination:
    number = int(port)
    if not 0 < number < 65536:
        raise FramingError("Its port is none.")
    return Destination(normal_host(host.decode("ascii")), number)


def normal_host(host: str) -> str:
    """A server's name or address as it is compared."""
    return host.lower().removeprefix("[").removesuffix("]").removesuffix(".")


def _password(shown: bytes) -> bytes:
    scheme, _, encoded = shown.partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        user, _, password = b64decode(encoded.strip(), validate=True).partition(b":")
    except Base64Error:
        return b""
    return password if user == USER.encode() else b""
