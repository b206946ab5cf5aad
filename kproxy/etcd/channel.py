"""gRPC to etcd's members: channels, calls by name, tokens, and saying in one sentence why it does not work."""

import asyncio
import contextlib
import os
import ssl

os.environ.setdefault("GRPC_VERBOSITY", "NONE")  # its C core writes to stderr on its own, before any of our sentences

import grpc
import grpc.aio
from google.protobuf.message import Message

from kproxy.errors import EtcdError
from kproxy.etcd.messages import AuthenticateResponse, parsed, request
from kproxy.etcd.records import Compacted
from kproxy.etcd.settings import Endpoint, EtcdSettings
from kproxy.etcd.stream import WatchStream
from kproxy.etcd.trace import Metadata, trace_metadata
from kproxy.model.etcd import Revision
from kproxy.wire.descriptors import ByTable, method

_OPTIONS = (
    ("grpc.max_receive_message_length", -1),  # a watch with previous values goes beyond the default of 4 MiB
    ("grpc.max_send_message_length", -1),
    ("grpc.enable_http_proxy", 0),  # https_proxy would be asked even for 127.0.0.1
    ("grpc.use_local_subchannel_pool", 1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 5000),  # how long one attempt may take, not a pause between two
    ("grpc.max_reconnect_backoff_ms", 1000),
    ("grpc.keepalive_time_ms", 10_000),  # etcd refuses pings that come more often than every 5 s
    ("grpc.keepalive_timeout_ms", 10_000),
)
_PACKAGE = "etcdserverpb"
_QUICK = frozenset({"Maintenance/Status", "Auth/Authenticate"})  # as long as connecting may take


class Channel:
    """Calls to one of etcd's members at a time; on a failure the next one's turn comes."""

    def __init__(self, settings: EtcdSettings) -> None:
        self._settings = settings
        self._endpoints = settings.parsed()
        self._credentials = _credentials(settings) if any(one.tls for one in self._endpoints) else None
        self._channels: dict[int, grpc.aio.Channel] = {}
        self._streams: set[WatchStream] = set()
        self._context: ssl.SSLContext | None = None
        self._current = 0
        self._token = ""

    @property
    def endpoint(self) -> str:
        """The member that calls go to now, for messages."""
        return self._endpoints[self._current].url

    async def close(self) -> None:
        """Ends all watches and connections."""
        for stream in list(self._streams):
            await self.close_stream(stream)
        channels, self._channels = list(self._channels.values()), {}
        for channel in channels:
            await channel.close()

    def next_endpoint(self) -> None:
        """Turns to the next member."""
        self._current = (self._current + 1) % len(self._endpoints)

    async def call(self, path: str, message: Message, *, again: bool = True) -> ByTable:
        """A unary call, `KV/Range`; `again`: it may be sent to another member when one fails (a read).

        EtcdError with one sentence; Compacted.
        """
        attempts = len(self._endpoints) if again else 1
        for left in reversed(range(attempts)):
            try:
                return await self.call_once(path, message)
            except grpc.aio.AioRpcError as error:
                failed = self._endpoints[self._current]
                if error.code() in {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED}:
                    self.next_endpoint()
                    if left:
                        continue
                raise await self._explain(failed, error) from None
        raise AssertionError("unreachable")

    async def call_once(self, path: str, message: Message) -> ByTable:
        """A unary call to the current member, the token renewed if need be. AioRpcError as it comes, EtcdError."""
        await self._ensure_token()
        try:
            return await self._send(path, message)
        except grpc.aio.AioRpcError as error:
            if not self._token or not is_token_error(error.code(), error.details() or ""):
                raise
            await self.renew_token()
            return await self._send(path, message)

    async def _send(self, path: str, message: Message) -> ByTable:
        spec = method(_PACKAGE, path)
        call = self._channel().unary_unary(f"/{_PACKAGE}.{path}", _serialize)
        seconds = self._settings.timeout if path in _QUICK else self._settings.call_timeout
        answer: bytes = await call(message, timeout=seconds, metadata=self._metadata())
        # Parsed here: gRPC would log a traceback and give None for what cannot be.
        return parsed(spec.response, answer)

    async def watch_stream(self) -> WatchStream:
        """Opens a watch stream; nothing has been sent on it yet. AioRpcError, EtcdError."""
        await self._ensure_token()
        endpoint = self._endpoints[self._current]
        context = self._ssl_context() if endpoint.tls else None
        # A member that has no leader would be silent: then the stream ends.
        metadata = (*self._metadata(), ("hasleader", "true"))
        path, seconds = f"/{_PACKAGE}.Watch/Watch", self._settings.timeout
        stream = await WatchStream.open(endpoint, context, path, metadata, seconds)
        self._streams.add(stream)
        return stream

    async def close_stream(self, stream: WatchStream) -> None:
        """Ends a watch stream; again does nothing."""
        if stream in self._streams:
            self._streams.discard(stream)
            await stream.close()

    def forget_token(self) -> None:
        """The next call asks for a new token."""
        self._token = ""

    async def renew_token(self) -> None:
        """A new token by user and password."""
        settings = self._settings
        message = request("AuthenticateRequest", name=settings.user, password=settings.password)
        self._token = ""
        answer: AuthenticateResponse = await self._send("Auth/Authenticate", message)
        self._token = answer.token

    async def explain(self, error: grpc.aio.AioRpcError) -> EtcdError:
        """The sentence for a call's failure at the current member."""
        return await self._explain(self._endpoints[self._current], error)

    async def _ensure_token(self) -> None:
        if self._settings.user and not self._token:
            await self.renew_token()

    def _ssl_context(self) -> ssl.SSLContext:
        if self._context is None:
            try:
                self._context = _ssl_context(self._settings)
            except (OSError, ssl.SSLError) as error:
                raise EtcdError(f"etcd's certificates cannot be used: {error}") from None
        return self._context

    def _metadata(self) -> Metadata:
        trace = trace_metadata.get()
        return (("token", self._token), *trace) if self._token else trace

    def _channel(self) -> grpc.aio.Channel:
        channel = self._channels.get(self._current)
        if channel is None:
            endpoint = self._endpoints[self._current]
            if endpoint.tls:
                channel = grpc.aio.secure_channel(endpoint.target, self._credentials, _OPTIONS)
            else:
                channel = grpc.aio.insecure_channel(endpoint.target, _OPTIONS)
            self._channels[self._current] = channel
        return channel

    async def _explain(self, endpoint: Endpoint, error: grpc.aio.AioRpcError) -> EtcdError:
        code, details = error.code(), error.details() or ""
        if code is grpc.StatusCode.OUT_OF_RANGE and "compacted" in details:
            return Compacted(endpoint.url, Revision(0))
        if code is grpc.StatusCode.UNAVAILABLE:
            reason = await _diagnose(endpoint, self._settings) or _short(details)
            return EtcdError(f"etcd at {endpoint.url} cannot be reached: {reason}")
        if code is grpc.StatusCode.DEADLINE_EXCEEDED:
            return EtcdError(f"etcd at {endpoint.url} gave no answer in time")
        return EtcdError(f"etcd at {endpoint.url} refused: {_short(details)}")


def is_token_error(code: grpc.StatusCode, details: str) -> bool:
    """Whether a call failed for its token, which a new one may cure."""
    return code is grpc.StatusCode.UNAUTHENTICATED or "invalid auth token" in details


def _serialize(message: Message) -> bytes:
    return message.SerializeToString()


def _credentials(settings: EtcdSettings) -> grpc.ChannelCredentials:
    return grpc.ssl_channel_credentials(
        settings.read(settings.cacert), settings.read(settings.key), settings.read(settings.cert)
    )


def _short(details: str) -> str:
    """GRPC's words, without its repetitions, as the end of a sentence."""
    text = details.rpartition("last error: ")[2].rpartition("desc = ")[2].removeprefix("etcdserver: ")
    return " ".join(text.split())[:200] or "it gave no reason"


async def _diagnose(endpoint: Endpoint, settings: EtcdSettings) -> str:
    """Why a connection fails, in words that gRPC does not have ("Tls handshake failed"); "" if it does not."""
    try:
        context = _ssl_context(settings) if endpoint.tls else None
        async with asyncio.timeout(min(2.0, settings.timeout)):
            reader, writer = await asyncio.open_connection(endpoint.host, endpoint.port, ssl=context)
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(0.3):  # TLS 1.3 refuses a client certificate after the handshake
                    await reader.read(1)
            writer.close()
    except ssl.SSLCertVerificationError as error:
        return f"its certificate is not to be trusted ({error.verify_message})"
    except ssl.SSLError as error:
        return _tls_reason(error.reason or "", certificate=settings.cert is not None)
    except TimeoutError:
        return "no answer to the connection"
    except OSError as error:
        return (os.strerror(error.errno) if error.errno and error.errno > 0 else str(error)).lower()
    return ""


def _tls_reason(reason: str, *, certificate: bool) -> str:
    """An OpenSSL reason in words; servers say «bad certificate» for a missing one too."""
    if "ALERT" in reason and "CERTIFICATE" in reason:
        return "it does not take the client certificate" if certificate else "it wants a client certificate"
    return f"TLS failed ({reason.lower().replace('_', ' ') or 'no reason given'})"


def _ssl_context(settings: EtcdSettings) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(settings.cacert) if settings.cacert else None)
    context.verify_flags &= ~ssl.VERIFY_X509_STRICT  # gRPC's BoringSSL does not ask for it: not the reason we look for
    context.set_alpn_protocols(["h2"])
    if settings.cert and settings.key:
        context.load_cert_chain(settings.cert, settings.key)
    return context
