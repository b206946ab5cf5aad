"""What an upgraded connection's frames mean: exec, attach and port-forward as frames of named channels, sans-I/O.

Three ways to say the same: WebSocket messages whose first byte is the channel (v5.channel.k8s.io and its elders, with
base64 forms), SPDY streams named by their headers, and SPDY in WebSocket messages (SPDY/3.1+portforward.k8s.io).

A channel is stdin, stdout, stderr, error or resize, or data:PORT/ID and error:PORT/ID of a forwarded connection. What
is said about one is a frame of its own: open:…, close:… (nothing more comes this way), reset:…; plain `close` is the
whole connection's. Pings are no frames.

k8s.io/streaming/pkg/httpstream/wsstream, k8s.io/cri-streaming/pkg/streaming/{remotecommand,portforward}.
"""

from urllib.parse import parse_qs, urlsplit

from kproxy.wire.channelframe import COMMAND, ChannelFrame, Channels, digits
from kproxy.wire.channels_spdy import SpdyChannels, TunnelledChannels
from kproxy.wire.channels_websocket import Name, WebSocketChannels
from kproxy.wire.requestinfo import request_info
from kproxy.wire.stretch import StreamError

__all__ = ["ChannelFrame", "Channels", "channels_of"]

_MAX_PORTS = 256
"""Fields of a port-forward's query: a channel's number is one byte."""

_TUNNELLED = "SPDY/3.1+"
_BASE64 = "base64.channel.k8s.io"
_PLAIN = frozenset({"", "channel.k8s.io", "v4.channel.k8s.io", "v5.channel.k8s.io"})
_CODED = frozenset({_BASE64, f"v4.{_BASE64}"})


def channels_of(target: str, upgrade: str, protocol: str, keep: int = 0) -> Channels | None:
    """The reader for an upgraded connection; None where it is no exec, attach or port-forward.

    `target`: of the request; `upgrade`, `protocol`: what the answer's Upgrade and Sec-WebSocket-Protocol say; `keep`:
    bytes of each frame's content to be kept. StreamError for protocols that kproxy does not read.
    """
    info = request_info("GET", target)
    if info.resource != "pods" or info.subresource not in {"exec", "attach", "portforward"}:
        return None
    if upgrade.lower() == "spdy/3.1":
        return SpdyChannels(keep)
    if upgrade.lower() != "websocket":
        raise StreamError("kproxy reads WebSocket and SPDY/3.1, not what this connection was upgraded to")
    if protocol.startswith(_TUNNELLED):
        return TunnelledChannels(keep)
    if protocol not in _PLAIN | _CODED:
        raise StreamError("kproxy does not know this WebSocket subprotocol")
    name = _forwarded(target) if info.subresource == "portforward" else _commanded
    return WebSocketChannels(name, keep, coded=protocol in _CODED, closes=protocol.startswith("v5."))


def _commanded(code: int) -> str:
    return COMMAND[code] if 0 <= code < len(COMMAND) else f"channel-{code}"


def _forwarded(target: str) -> Name:
    """Channels 2n and 2n+1 are data and errors of the query's nth port."""
    try:
        values = parse_qs(urlsplit(target).query, max_num_fields=_MAX_PORTS).get("ports", [])
    except ValueError:
        raise StreamError(f"the query has more than {_MAX_PORTS} fields") from None
    ports = [digits(port.encode()) or "?" for value in values for port in value.split(",")]

    def name(code: int) -> str:
        at = code // 2
        return f"{'error' if code % 2 else 'data'}:{ports[at]}/{at}" if 0 <= at < len(ports) else f"channel-{code}"

    return name
