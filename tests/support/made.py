"""Hypothesis strategies and plain makers for the model's values."""

import json
import string
from collections.abc import Callable

from hypothesis import strategies as st

from kproxy.model.api import RequestInfo
from kproxy.model.etcd import (
    ChangeType,
    ClusterId,
    Compared,
    EtcdCall,
    EtcdKey,
    EtcdStore,
    KeyChange,
    KeyOperation,
    KeyRange,
    Operation,
    Revision,
)
from kproxy.model.exchange import (
    EMPTY_BODY,
    Altered,
    Answer,
    Body,
    BodyState,
    Direction,
    End,
    Exchange,
    Frame,
    Headers,
    IdentityMode,
    Nanos,
    Request,
    Seq,
)
from kproxy.model.session import Gap, Mark, Server, Session, SessionEnd
from kproxy.model.start import StartKey, StartObject
from kproxy.model.trace import Span
from tests.support.memory import MemoryRecording

latin = st.text(st.characters(max_codepoint=255), max_size=12)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)
numbers = st.integers(0, 2**62)
nanos = numbers.map(Nanos)
headers: st.SearchStrategy[Headers] = st.lists(st.tuples(latin, latin), max_size=3).map(tuple)
leaves = st.none() | st.booleans() | st.integers() | st.floats() | texts
json_values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3)
)
infos = st.builds(
    RequestInfo,
    verb=texts,
    path=texts,
    is_resource=st.booleans(),
    group=texts,
    version=texts,
    resource=texts,
    name=texts,
)


def a_session(**fields: object) -> Session:
    """A complete session, changed as asked."""
    known: dict[str, object] = {"id": "0123456789abcdef" * 2, "end": SessionEnd.COMPLETE}
    return Session(**(known | fields))  # type: ignore[arg-type] # the caller names fields of Session


def an_exchange(seq: int, path: str = "/api/v1/namespaces/default/pods/x", body: Body = EMPTY_BODY) -> Exchange:
    """A GET and its 200."""
    return Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(seq),
        answered=Nanos(seq + 1),
        ended=Nanos(seq + 2),
        request=Request(method="GET", target=path, http_version="HTTP/1.1", headers=(("User-Agent", "test"),)),
        info=RequestInfo(verb="get", path=path, is_resource=False),
        answer=Answer(
            status=200, reason="OK", http_version="HTTP/1.1", headers=(("Audit-Id", f"audit-{seq}"),), body=body
        ),
        end=End.COMPLETE,
    )


clusters = st.sampled_from((ClusterId("00000000000000aa"), ClusterId("00000000000000bb")))
revisions = numbers.map(Revision)
keys = st.binary(max_size=8).map(EtcdKey)
stores = st.builds(
    EtcdStore,
    cluster=clusters,
    endpoints=st.tuples(texts),
    version=texts,
    resources=st.tuples(texts),
    start=st.none() | revisions,
    end=st.none() | revisions,
    history=st.none() | revisions,
    whole=st.none() | revisions,
    whole_at=st.none() | nanos,
)
ranges = st.builds(KeyRange, key=keys, end=st.binary(max_size=8))
operations = st.builds(
    KeyOperation,
    operation=st.sampled_from(Operation),
    keys=ranges,
    count=numbers,
    limit=numbers,
    at=revisions,
    count_only=st.booleans(),
    keys_only=st.booleans(),
    size=numbers,
    lease=numbers,
)
compared = st.builds(Compared, key=keys, target=texts, relation=texts, expected=numbers)
calls = st.builds(
    EtcdCall,
    number=st.integers(1, 2**40),
    cluster=clusters,
    connection=numbers,
    stream=numbers,
    started=nanos,
    ended=st.none() | nanos,
    method=texts,
    trace_id=texts,
    parent_id=texts,
    compares=st.tuples(compared) | st.just(()),
    operations=st.tuples(operations) | st.just(()),
    succeeded=st.none() | st.booleans(),
    revision=revisions,
    status=st.none() | st.integers(0, 16),
    request_size=numbers,
    answer_size=numbers,
    lease=numbers,
    partial=texts,
)
spans = st.builds(
    Span,
    trace_id=texts,
    span_id=texts,
    parent_id=texts,
    name=texts,
    started=nanos,
    ended=nanos,
    audit_id=texts,
    key=texts,
    attributes=st.tuples(st.tuples(texts, texts)) | st.just(()),
)


@st.composite
def recordings(draw: st.DrawFn) -> MemoryRecording:
    """A recording with some of everything, its bodies of every kind."""
    recording = MemoryRecording(session=draw(sessions))

    def body() -> Body:
        state = draw(st.sampled_from((BodyState.KEPT, BodyState.PARTIAL, BodyState.OPAQUE, BodyState.EMPTY)))
        if state is BodyState.EMPTY:
            return EMPTY_BODY
        if state is BodyState.OPAQUE:
            return Body(state=state, size=draw(numbers), reason=draw(texts))
        kept = recording.keep(draw(body_bytes))
        return Body(state=state, size=draw(numbers), digest=kept.digest, reason=draw(texts))

    for seq in draw(st.lists(st.integers(1, 2**40), unique=True, max_size=3)):
        recording.exchange_list.append(_exchange(draw, seq, body))
        recording.frame_list += [
            Frame(
                seq=Seq(seq), index=index, at=draw(nanos), direction=Direction.ANSWER, body=body(), channel=draw(texts)
            )
            for index in range(draw(st.integers(0, 2)))
        ]
    for revision in draw(st.lists(st.integers(1, 2**40), unique=True, max_size=3)):
        recording.change_list.append(
            KeyChange(
                cluster=draw(clusters),
                revision=Revision(revision),
                key=EtcdKey(draw(st.binary(max_size=8))),
                type=draw(st.sampled_from(ChangeType)),
                at=draw(nanos),
                value=draw(st.none() | st.just(body())),
                previous=draw(st.none() | st.just(body())),
                create_revision=Revision(draw(numbers)),
                version=draw(numbers),
                lease=draw(numbers),
            )
        )
    recording.gap_list = draw(st.lists(gaps, max_size=2))
    recording.mark_list = draw(st.lists(marks, max_size=2))
    recording.etcd_list = draw(st.lists(stores, max_size=2, unique_by=lambda store: store.cluster))
    recording.call_list = draw(st.lists(calls, max_size=2, unique_by=lambda call: call.number))
    recording.span_list = draw(st.lists(spans, max_size=2))
    if recording.session.start_state:
        for key in draw(st.lists(keys, unique=True, max_size=2)):
            recording.start_list.append(
                StartKey(
                    cluster=draw(clusters),
                    key=key,
                    value=body(),
                    create_revision=draw(revisions),
                    mod_revision=draw(revisions),
                    version=draw(numbers),
                    lease=draw(numbers),
                    ttl=draw(numbers),
                )
            )
        for name in draw(st.lists(texts, unique=True, max_size=2)):
            recording.start_list.append(
                StartObject(
                    group=draw(texts),
                    version=draw(texts),
                    resource=draw(texts),
                    kind=draw(texts),
                    namespace=draw(texts),
                    name=name,
                    revision=draw(revisions),
                    value=body(),
                    status=draw(st.booleans()),
                )
            )
    return recording


def _exchange(draw: st.DrawFn, seq: int, body: Callable[[], Body]) -> Exchange:
    answer = Answer(
        status=draw(st.integers(100, 599)),
        reason=draw(latin),
        http_version="HTTP/1.1",
        headers=draw(headers),
        body=body(),
        trailers=draw(headers),
        informational=draw(st.lists(st.integers(100, 199), max_size=2).map(tuple)),
    )
    return Exchange(
        seq=Seq(seq),
        connection=draw(numbers),
        started=draw(nanos),
        answered=draw(st.none() | nanos),
        ended=draw(st.none() | nanos),
        request=Request(
            method=draw(latin), target=draw(latin), http_version=draw(latin), headers=draw(headers), body=body()
        ),
        info=draw(infos),
        answer=draw(st.none() | st.just(answer)),
        end=draw(st.sampled_from(End)),
        end_detail=draw(texts),
        altered=draw(st.sampled_from((Altered.NOTHING, Altered.HOST | Altered.AUTHORIZATION))),
        upgrade=draw(latin),
        caller=draw(texts),
        identity=draw(st.sampled_from(IdentityMode)),
        forwarded=draw(texts),
        fault=draw(texts),
    )


def _as_json(value: object, style: int) -> bytes:
    """JSON as one of the writers that are met writes it."""
    text = json.dumps(value, ensure_ascii=bool(style & 1), separators=(",", ":") if style & 2 else None)
    if style & 4:
        text = text.replace("<", "\\u003c").replace("&", "\\u0026")
    return text.encode() + (b"\n" if style & 8 else b"")


body_bytes = (
    st.binary(min_size=1, max_size=200)
    | texts.filter(bool).map(str.encode)
    | st.builds(_as_json, json_values, st.integers(0, 15))
)
sessions = st.builds(
    Session,
    id=st.text(string.hexdigits.lower()[:16], min_size=32, max_size=32),
    kproxy_version=texts,
    started_at=texts,
    server=st.builds(Server, url=texts, kind=texts, version=texts, etcd_cluster=st.none() | texts.map(ClusterId)),
    etcd_start=st.none() | numbers.map(Revision),
    etcd_end=st.none() | numbers.map(Revision),
    end=st.sampled_from((SessionEnd.COMPLETE, SessionEnd.PROXY_GONE, SessionEnd.RECORDER_GONE)),
    ended=st.none() | nanos,
    command=st.lists(texts, max_size=3).map(tuple),
    exit_code=st.none() | st.integers(-255, 255),
    max_lag=nanos,
    lane=st.sampled_from(("tap", "addon")),
    capture=texts,
    start_state=st.sampled_from(("", "etcd", "api")),
)
gaps = st.builds(
    Gap,
    kind=st.sampled_from(("exchanges", "body", "etcd")),
    reason=texts,
    at=nanos,
    count=numbers,
    first_seq=st.none() | numbers.map(Seq),
)
marks = st.builds(Mark, at=nanos, seq=numbers.map(Seq), text=texts)
