"""What is fuzzed: functions of bytes that raise nothing, whatever the bytes are; seeds that lead into each.

A target lets pass the errors that its subject documents, and checks what must hold where there is none: a stream reads
the same however it is cut, what is read and written again reads the same, an edit that changes nothing keeps the bytes.
"""

import base64
import contextlib
import gzip
import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from kproxy.config.execplugin import ExecPlugin, parse_credential
from kproxy.config.outway import OutwardProxy
from kproxy.config.upstream import Tls, Upstream
from kproxy.diff.rulefile import read_rules, write_rules
from kproxy.diff.rulepath import place_of, rule_path
from kproxy.errors import ConfigError, EtcdError, KproxyError
from kproxy.etcd.duplex import Duplex
from kproxy.etcd.messages import raw_event, watch_response
from kproxy.etcd.messages import request as etcd_message
from kproxy.model.etcd import ClusterId, Compared, EtcdCall, EtcdKey, KeyOperation, KeyRange, Operation
from kproxy.model.exchange import End, IdentityMode, Nanos
from kproxy.model.jsontypes import JSON
from kproxy.proxy.identity.caller import Caller, peer_of
from kproxy.proxy.identity.forwarder import Forwarder
from kproxy.proxy.identity.judge import Admitted
from kproxy.proxy.identity.reviewed import NOBODY, Denied, Tokens
from kproxy.proxy.tap.entrance import PathPrefix
from kproxy.proxy.ways.forward import AbsoluteForm, Destination, Members, connect_destination, fields_of
from kproxy.record.assembly import Assembler, HandoffError
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Opaque, Redactor, Secrecy
from kproxy.record.secrets import Subject
from kproxy.renaming.value import renaming_json, renaming_of
from kproxy.wire.channels import channels_of
from kproxy.wire.coding import CodingError, decoder
from kproxy.wire.coding import decode as decode_coding
from kproxy.wire.content import ContentError, decode, edit, encode
from kproxy.wire.etcdtraffic import EtcdTraffic
from kproxy.wire.handoff import RecordType, pack_end, pack_head, pack_record, unpack_records
from kproxy.wire.http1 import AnswerFramer, Body, FramingError, RequestFramer, RequestHead, Tunnel, parse_head
from kproxy.wire.http1_head import parse_request_head
from kproxy.wire.http2 import PREFACE
from kproxy.wire.labelselector import is_label_selector
from kproxy.wire.lines import LineCutter
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.outward import OutwardError
from kproxy.wire.outward import Tunnel as Tunnelling
from kproxy.wire.relayfeed import FeedError, FeedReader, Hello, Relayed, pack_calls, pack_hello
from kproxy.wire.requestinfo import request_info
from kproxy.wire.storage import decode_value, edit_value, key_object
from kproxy.wire.stretch import StreamError
from kproxy.wire.warnings import warning_texts
from kproxy.wire.watchevents import WatchCutter, decode_event
from tests.support.grpc_wire import GrpcWire, both_directions
from tests.wire.messages import Maker, kinds, wrapped

PROTOBUF = "application/vnd.kubernetes.protobuf"
CBOR = "application/cbor"
SECRET: dict[str, JSON] = {
    "kind": "Secret",
    "apiVersion": "v1",
    "metadata": {"name": "s", "annotations": {"a": "b"}},
    "data": {"p": "aHVudGVyMg=="},
}
EVENT: dict[str, JSON] = {"type": "ADDED", "object": SECRET}
_PSEUDONYMS = Pseudonyms(b"1" * 32)
_REDACTOR = Redactor(_PSEUDONYMS, Literals(_PSEUDONYMS, ["known-literal-secret"]))


_PLAIN = AbsoluteForm(Members("t"), frozenset({Destination("a", 80)}), PathPrefix("/p"))


@dataclass(frozen=True, slots=True)
class Target:
    """A function that must not raise, and inputs to begin with."""

    run: Callable[[bytes], None]
    seeds: tuple[bytes, ...]


def pieces(data: bytes) -> Iterator[bytes]:
    """All but the first byte, in pieces as long as that says."""
    step = data[0] % 23 + 1 if data else 1
    rest = data[1:]
    for start in range(0, len(rest), step):
        yield rest[start : start + step]


def _events(framer: RequestFramer | AnswerFramer, parts: Iterable[bytes]) -> tuple[list[object], bool]:
    """What a framer says, neighbouring content put together, and whether it ended in an error."""
    found: list[object] = []
    for part in parts:
        try:
            events: Iterable[object] = framer.feed(part)
            failed = False
        except FramingError:
            events, failed = framer.before, True
        for event in events:
            last = found[-1] if found else None
            if isinstance(event, Body) and isinstance(last, Body):
                found[-1] = Body(last.content + event.content)
            elif isinstance(event, Tunnel) and isinstance(last, Tunnel):
                found[-1] = Tunnel(last.data + event.data)
            else:
                found.append(event)
        if failed:
            return found, True
    return found, False


def _same_framing(make: Callable[[], RequestFramer | AnswerFramer], data: bytes) -> None:
    whole, failed = _events(make(), [data[1:]])
    cut, broken = _events(make(), pieces(data))
    assert _named(cut) == _named(whole) or broken, (whole, cut)
    assert broken or not failed


def _named(events: list[object]) -> list[str]:
    """Events without their places in a feed's buffer."""
    return [repr(getattr(event, "raw", event)) for event in events]


def http1_requests(data: bytes) -> None:
    """The client's side."""
    _same_framing(RequestFramer, data)
    parse_head(data)


def http1_answers(data: bytes) -> None:
    """The server's side, asked in four ways."""

    def make() -> AnswerFramer:
        framer = AnswerFramer()
        for method, upgrade in ((b"GET", False), (b"HEAD", False), (b"GET", True), (b"POST", False)):
            framer.expect(method, upgrade=upgrade)
        return framer

    _same_framing(make, data)


def targets_of_requests(data: bytes) -> None:
    """Method and target; and the small parsers beside."""
    text = data.decode("latin-1")
    method, _, target = text.partition(" ")
    assert request_info(method, target).path is not None
    request_info("GET", f"/apis/{text}")
    is_label_selector(text)
    parse_media_type(text)
    warning_texts((("Warning", text),))


def _watch(media_type: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        whole, failed = _cut(media_type, [data[1:]])
        cut, broken = _cut(media_type, pieces(data))
        assert cut == whole, (whole, cut)
        assert broken == failed
        for event in whole:
            try:
                decode_event(media_type, event)
            except ContentError:
                continue

    return run


def _cut(media_type: str, parts: Iterable[bytes]) -> tuple[list[bytes], bool]:
    cutter = WatchCutter(media_type)
    found: list[bytes] = []
    try:
        for part in [*parts, b""]:  # the last call says what the one before had put off
            found += [event for event, _ in cutter.feed(part)]
    except ContentError:
        return found, True
    return found, False


def logs(data: bytes) -> None:
    """Lines put together are the log."""
    cutter = LineCutter(max_line=16, many=4)
    found = [part for piece in pieces(data) for part, _ in cutter.feed(piece)]
    assert b"".join(found) + cutter.pending == data[1:]


def _content(media_type: str) -> Callable[[bytes], None]:
    def run(data: bytes) -> None:
        try:
            value = decode(media_type, data)
        except ContentError:
            return
        if isinstance(value, dict):
            assert edit(media_type, data, dict) is data
        again = _written(media_type, value)
        if media_type == PROTOBUF and again is not None:  # a zero time is null, which is written as none at all
            value, again = again, _written(media_type, again)
        assert again is None or again == value, (value, again)

    return run


def _written(media_type: str, value: JSON) -> JSON:
    """What is read of a value that was written; None where the media type cannot have it."""
    try:
        data = encode(media_type, value)
    except ContentError:
        return None
    return decode(media_type, data)


def storage(data: bytes) -> None:
    """Values and keys of etcd."""
    key_object(EtcdKey(data))
    try:
        decode_value(data)
    except ContentError:
        return
    assert edit_value(data, dict) is data


def codings(data: bytes) -> None:
    """Content codings, whole and as they come."""
    for coding in ("gzip", "deflate", data[:4].decode("latin-1")):
        try:
            plain = decode_coding(coding, data, 10_000, whole=False)
            taking = decoder(coding, 10_000)
            came = b"".join(part for part in taking.pieces(data)) if taking else data
        except CodingError:
            continue
        assert plain == came[: len(plain)]


def handoff(data: bytes) -> None:
    """What the recorder takes from a proxy: any records, and any heads and bodies within good ones."""
    assembler = Assembler(_REDACTOR, epoch=0, max_body=1000)
    with contextlib.suppress(HandoffError, struct.error, ValueError, IndexError):
        assembler.take(unpack_records(data))
    assembler.flush(1)
    head, _, rest = data.partition(b"\r\n\r\n")
    answer, _, body = rest.partition(b"\r\n\r\n")
    records = [
        (RecordType.REQUEST_HEAD, pack_head(1, 0, tls=True, caller=b"", raw=head + b"\r\n\r\n")),
        (RecordType.ANSWER_HEAD, answer + b"\r\n\r\n"),
        *((RecordType.ANSWER_BODY, piece) for piece in pieces(body)),
        (RecordType.END, pack_end(End.COMPLETE)),
    ]
    fresh = Assembler(_REDACTOR, epoch=0, max_body=1000)
    fresh.take(unpack_records(b"".join(pack_record(kind, 1, 1, payload) for kind, payload in records)))
    assert len(fresh.flush(1).batch.exchanges) == 1


def redaction(data: bytes) -> None:
    """Redacted once is redacted."""
    media_types = ("application/json", PROTOBUF, CBOR, "application/yaml", "text/plain", "")
    media_type = media_types[data[0] % len(media_types)] if data else ""
    for subject in Subject:
        once = _REDACTOR.content(Secrecy(subject), media_type, data[1:])
        if not isinstance(once, Opaque):
            assert _REDACTOR.content(Secrecy(subject), media_type, once) == once
    _REDACTOR.etcd_value(EtcdKey(b"/registry/secrets/a/b"), data[1:], "/registry")


_UPGRADES = (
    ("exec", "websocket", "v5.channel.k8s.io"),
    ("attach", "websocket", "v4.base64.channel.k8s.io"),
    ("portforward?ports=80&ports=81", "websocket", "v4.channel.k8s.io"),
    ("portforward", "websocket", "SPDY/3.1+portforward.k8s.io"),
    ("exec", "SPDY/3.1", ""),
)


def channels(data: bytes) -> None:
    """Both directions of upgraded connections; however they are cut, the frames are the same."""
    if not data:
        return
    subresource, upgrade, protocol = _UPGRADES[data[0] % len(_UPGRADES)]
    target = f"/api/v1/namespaces/default/pods/p/{subresource}"
    found = []
    for parts in ([data[2:]], list(pieces(data[1:]))):
        reader = channels_of(target, upgrade, protocol, 20)
        assert reader is not None
        answer = bool(data[0] & 0x80)
        frames, failed = [], False
        try:
            for part in parts:
                frames += list(reader.feed(part, answer=answer))
        except StreamError:
            failed = True
        found.append((frames, failed, [] if failed else list(reader.rest())))
    assert found[0][1:] == found[1][1:], found


def forward(data: bytes) -> None:
    """What a forward proxy's client says; a request that comes in is framed as before, without what is the proxy's."""
    connect_destination(data)
    Members("t").refusal(fields_of(data), b"CONNECT")
    with contextlib.suppress(FramingError):
        head = parse_request_head(data)
        entered = _PLAIN.enter(head)
        if isinstance(entered, RequestHead):
            again = parse_request_head(entered.raw)
            assert (again.target, again.length, again.upgrade) == (entered.target, head.length, head.upgrade)
            assert again.target.startswith(b"/")
            assert b"\nproxy-authorization:" not in entered.raw.lower()


class _OneToken(Tokens):
    """Knows the token of ada."""

    def __init__(self) -> None:
        """Nobody is asked."""

    def caller(self, token: bytes) -> Caller | Denied:
        return Caller(name="ada", groups=("dev",)) if token == b"adas" else NOBODY


_UPSTREAM = Upstream(url="https://h", host="h", port=443, tls=Tls(), token="ours", context="c")
_FORWARDERS = (
    Forwarder(_UPSTREAM.without_credentials(), IdentityMode.FRONT_PROXY, _OneToken()),
    Forwarder(_UPSTREAM, IdentityMode.IMPERSONATE, _OneToken()),
)


def callers(data: bytes) -> None:
    """Whatever a client says, it goes on as who it is, framed as before; what is no certificate is nobody's."""
    peer = peer_of(data)
    assert peer.caller is not None or peer.problem
    with contextlib.suppress(FramingError):
        head = parse_request_head(data)
        for forwarder, name in zip(_FORWARDERS, (b"x-remote-user", b"impersonate-user"), strict=True):
            verdict = forwarder.judge(head)
            if isinstance(verdict, Admitted):
                again = parse_request_head(verdict.head)
                assert (again.target, again.length, again.upgrade) == (head.target, head.length, head.upgrade)
                assert again.values(name) == [b"ada"]
                assert again.values(name.replace(b"user", b"group")) == [b"dev"]
                assert b"adas" not in b"".join(again.values(b"authorization"))


def outward(data: bytes) -> None:
    """What plugins and proxies answer is taken or refused in a sentence."""
    with contextlib.suppress(ConfigError):
        parse_credential(data, _PLUGIN)
    for proxy in _PROXIES:
        tunnel = Tunnelling(proxy, "api.example", 443)
        left = data
        with contextlib.suppress(OutwardError):
            while left and not tunnel.open:
                size = tunnel.wanted
                tunnel.feed(left[:size])
                left = left[size:]


def etcd_traffic(data: bytes) -> None:
    """Both directions of a connection to etcd: however they are cut, the calls are the same."""
    if len(data) < 3:
        return
    middle = 3 + int.from_bytes(data[1:3])
    found = []
    for step in (len(data), data[0] % 23 + 1):
        numbers = iter(range(1, 100_000))
        reader = EtcdTraffic(1, numbers.__next__)
        calls: list[object] = []
        for answer, part in ((False, PREFACE + data[3:middle]), (True, data[middle:])):
            take = reader.answer if answer else reader.request
            for start in range(0, len(part), step):
                calls += take(part[start : start + step], int(answer))
        found.append((calls + list(reader.close(2)), reader.unreadable))
    assert found[0] == found[1], found


def watch_stream(data: bytes) -> None:
    """What etcd says on a watch's stream: however it is cut, the messages, the end and our answers are the same."""
    found = []
    for step in (len(data) or 1, data[0] % 23 + 1 if data else 1):
        duplex, messages = Duplex(), list[bytes]()
        duplex.open("/etcdserverpb.Watch/Watch", "e:2379", tls=False)
        for start in range(1, len(data), step):
            messages += duplex.receive(data[start : start + step])
        found.append((messages, duplex.end))
    assert found[0] == found[1], found
    for message in found[0][0]:
        with contextlib.suppress(EtcdError):
            for event in watch_response(message).events:
                raw_event(event)


def relay_feed(data: bytes) -> None:
    """What a relay tells is read or refused, however it is cut; what is read can be told again."""
    found = []
    for step in (len(data) or 1, data[0] % 23 + 1 if data else 1):
        reader, records, failed = FeedReader(), list[object](), False
        with contextlib.suppress(FeedError):
            failed = True
            for start in range(1, len(data), step):
                records += reader.feed(data[start : start + step])
            failed = False
        found.append((records, failed))
    assert found[0][1] == found[1][1], found
    if not found[0][1]:
        assert found[0] == found[1], found
        calls = [each for each in found[0][0] if isinstance(each, EtcdCall)]
        assert FeedReader().feed(pack_calls(calls)) == calls


def _etcd_calls() -> tuple[bytes, bytes]:
    """A range, a transaction, and a watch that is made and ended."""
    wire, header = GrpcWire(), etcd_message("ResponseHeader", cluster_id=1, revision=2)
    wire.unary(
        "/etcdserverpb.KV/Range",
        etcd_message("RangeRequest", key=b"/a", limit=5),
        etcd_message("RangeResponse", header=header, count=1),
        traceparent="00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    )
    put = etcd_message("RequestOp", request_put=etcd_message("PutRequest", key=b"/a", value=b"v"))
    wire.unary("/etcdserverpb.KV/Txn", etcd_message("TxnRequest", success=[put]), etcd_message("TxnResponse"))
    stream = wire.open("/etcdserverpb.Watch/Watch")
    create = etcd_message("WatchCreateRequest", key=b"/a")
    wire.ask(stream, etcd_message("WatchRequest", create_request=create), end=False)
    wire.tell(wire.head(stream), etcd_message("WatchResponse", header=header, watch_id=1, created=True))
    wire.tell(stream, etcd_message("WatchResponse", header=header, watch_id=1, canceled=True))
    return both_directions(wire)


_ASKED, _TOLD = _etcd_calls()
_CALL = EtcdCall(
    number=1,
    cluster=ClusterId("0123456789abcdef"),
    connection=2,
    stream=3,
    started=Nanos(4),
    ended=None,
    method="KV/Txn",
    compares=(Compared(key=EtcdKey(b"k"), target="mod", relation="=", expected=8),),
    operations=(KeyOperation(operation=Operation.PUT, keys=KeyRange(key=EtcdKey(b"a"))),),
)
_PLUGIN = ExecPlugin(what="u", version="client.authentication.k8s.io/v1", command="c", interactive="Never")
_PROXIES = (
    OutwardProxy(scheme="http", host="p", port=1, username="u", password="p"),
    OutwardProxy(scheme="socks5", host="p", port=1),
    OutwardProxy(scheme="socks5", host="p", port=1, username="u", password="p"),
)

_MESSAGES = tuple(
    wrapped(api_version, kind, Maker(number).message(name))
    for number, (api_version, kind, name) in enumerate(kinds())
    if number % 9 == 0
)
"""An object of every ninth kind that has a protobuf message."""

_GET = b"GET /api/v1/pods?watch=1 HTTP/1.1\r\nHost: a\r\n\r\n"
_POST = b"POST /a HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: v\r\n\r\n"
_UPGRADE = b"GET /e HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
_OK = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 204 No\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n"
_CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n"
_SPDY = struct.pack("!HHI", 0x8003, 1, 20) + b"\0\0\0\1" + bytes(6) + zlib.compress(b"\0\0\0\0")

_CALLED = b"POST /a HTTP/1.1\r\nHost: a\r\nAuthorization: Bearer adas\r\nConnection: x\r\n%bContent-Length: 0\r\n\r\n"

# A DATA frame with the answer that a watch is created.
_CREATED = etcd_message("WatchResponse", created=True, watch_id=-1, cancel_reason="none").SerializeToString()
_WATCHED = (len(_CREATED) + 5).to_bytes(3) + b"\0\0\0\0\0\1" + b"\0" + len(_CREATED).to_bytes(4) + _CREATED


def rules(data: bytes) -> None:
    """Files of rules, their paths and keys; and a renaming that was passed on."""
    with contextlib.suppress(KproxyError):
        assert read_rules(write_rules(found := read_rules(data, "rules")).encode(), "again") == found
    text = data.decode("utf-8", "replace")
    with contextlib.suppress(KproxyError):
        rule_path(text)
    place_of("etcd", text)
    with contextlib.suppress(ValueError, TypeError, RecursionError):
        value = json.loads(data)
        if isinstance(value, dict):
            renaming_json(renaming_of(value))


TARGETS: dict[str, Target] = {
    "rules": Target(
        rules,
        (
            b"kproxy-rules: 1\nrules:\n- {resource: pods, verb: get, path: '$.status.a[*].b', reason: r}\n",
            b"kproxy-rules: 1\nrules:\n- {key: /registry/pods/a/*, path: \"$.metadata.annotations['a']\", reason: r}\n",
            b"/registry/pods/a/b[0] previous .status.phase",
            b'{"names":{"uid":{"a":"b"}},"revisions":{"objects":{},"lists":[],"changes":{}},"times":[],"modified":[]}',
        ),
    ),
    "callers": Target(
        callers, (_CALLED % b"", _CALLED % b"X-Remote-User: eve\r\n", _CALLED % b"impersonate-group: eve\r\n")
    ),
    "outward": Target(
        outward,
        (
            (
                b'{"kind":"ExecCredential","apiVersion":"client.authentication.k8s.io/v1","status":{"token":"t",'
                b'"expirationTimestamp":"2026-01-01T00:00:00Z"}}'
            ),
            b"HTTP/1.1 200 OK\r\nVia: p\r\n\r\n",
            b"\5\0\5\0\0\1\0\0\0\0\0\0",
            b"\5\2\1\0\5\0\0\3\1a\0\0",
        ),
    ),
    "http1-requests": Target(http1_requests, (b"\x07" + _GET + _POST, b"\1" + _UPGRADE + b"more", b"\x30" + _POST)),
    "http1-answers": Target(http1_answers, (b"\x03" + _OK, b"\x09" + _CHUNKED, b"\1HTTP/1.0 200 OK\r\n\r\nrest")),
    "targets": Target(
        targets_of_requests,
        (
            b"GET /api/v1/namespaces/a/pods/b/log?follow=true",
            b"GET /apis/apps/v1/watch/deployments?fieldSelector=metadata.name%3Da,b!=c&labelSelector=x+in+(y,z),!w",
            b'299 - "text \\" more", 299 - "two"',
            b"application/json;as=Table;v=v1;g=meta.k8s.io",
        ),
    ),
    "watch-json": Target(_watch("application/json"), (b"\5" + json.dumps(EVENT).encode() + b"\n{}\n",)),
    "watch-protobuf": Target(
        _watch(f"{PROTOBUF};stream=watch"),
        tuple(b"\5" + len(frame).to_bytes(4) + frame for frame in [encode(f"{PROTOBUF};stream=watch", EVENT)]),
    ),
    "watch-cbor": Target(
        _watch("application/cbor-seq"), (b"\5" + encode(CBOR, EVENT) * 2, b"\x02\x9f\xa1\x41a\x5f\x41b\xff\xff\xf6")
    ),
    "logs": Target(logs, (b"\x02one\ntwo\n\nthree",)),
    "json": Target(
        _content("application/json"), (json.dumps(EVENT).encode(), b'{"a":[1.5,-0,1e9,"\\ud800\\u00fc",null]}')
    ),
    "yaml": Target(
        _content("application/yaml"),
        (
            b"a: &x [1, 0x1f, .5, ~, yes]\nb: *x\nc: {d: 'e', 1: 2}\n<<: {f: g}\n",
            b"- |\n text\n- >-\n folded\n",
            b"!!binary a",
        ),
    ),
    "protobuf": Target(_content(PROTOBUF), (encode(PROTOBUF, SECRET), *_MESSAGES)),
    "cbor": Target(
        _content(CBOR), (encode(CBOR, EVENT), base64.b16decode("A1D6419FF9420001FB3FF8000000000000D9D9F780FF"))
    ),
    "storage": Target(
        storage, (encode(PROTOBUF, SECRET), encode(CBOR, SECRET), b"/registry/services/specs/default/a", b"{}")
    ),
    "codings": Target(codings, (gzip.compress(b"abc" * 40), zlib.compress(b"abc"))),
    "handoff": Target(
        handoff,
        (
            _GET + _CHUNKED + b"\3{}\n{}",
            pack_record(RecordType.REQUEST_HEAD, 1, 1, pack_head(1, 0, tls=True, caller=b"", raw=_GET)),
        ),
    ),
    "redaction": Target(
        redaction,
        (
            b"\0" + json.dumps(EVENT).encode(),
            b"\1" + encode(PROTOBUF, SECRET),
            b"\2" + encode(CBOR, EVENT),
            b"\3stringData: {a: b}",
        ),
    ),
    "etcd-traffic": Target(etcd_traffic, (b"\x07" + len(_ASKED).to_bytes(2) + _ASKED + _TOLD,)),
    "watch-stream": Target(
        watch_stream,
        (
            b"\x07" + bytes.fromhex("000000040000000000" + "000001010400000001" + "88") + _WATCHED,
            b"\x07" + bytes.fromhex("000008060000000000" + "00" * 8 + "000004080000000001" + "000000ff") + _WATCHED,
        ),
    ),
    "relay-feed": Target(
        relay_feed,
        (b"\x05" + pack_calls([_CALL]), b"\x05" + pack_hello(Hello("r", 1, (Relayed("http://e", "http://l"),), 5))),
    ),
    "forward": Target(
        forward,
        (
            b"CONNECT [fd00::1]:443 HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic a3Byb3h5OnQ=\r\n\r\n",
            b"GET http://a:80/p/api?x HTTP/1.1\r\nHost: a\r\nProxy-Authorization: Basic a3Byb3h5OnQ=\r\nA: b\r\n\r\n",
        ),
    ),
    "channels": Target(
        channels,
        (
            b"\x80\x03\x82\x03\x01ab\x88\x02\x03\xe8",
            b"\x02\x05\x82\x83abcd\x61\x62\x63",
            b"\x04\x09" + _SPDY + b"\0\0\0\1\1\0\0\2hi",
        ),
    ),
}
