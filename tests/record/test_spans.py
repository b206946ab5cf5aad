"""Spans that come while a session is recorded."""

import asyncio
import time
from pathlib import Path

import grpc
import pytest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from kproxy.model.session import Gap, SessionEnd
from kproxy.model.trace import Span
from kproxy.otlp.reading import MAX_TEXT
from kproxy.otlp.receiver import SERVICE
from kproxy.record import spans as subject
from kproxy.record.committer import Committer
from kproxy.record.literals import Literals
from kproxy.record.news import News, SpansNews
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.redact import Redactor
from kproxy.record.settings import RecorderSettings
from kproxy.record.spans import SpanIntake, unix_nanos
from kproxy.store.reader import open_recording
from kproxy.store.writer import Writer
from tests.otlp.test_reading import request
from tests.support.made import a_session

STARTED = "2026-11-25T21:00:00.5Z"
SECRET = "a-secret-of-the-session"


def taken(folder: Path, exported: list[bytes], *, resumed: bool = False) -> tuple[list[Span], list[Gap]]:
    """What a recording holds after these exports."""

    async def take() -> None:
        pseudonyms = Pseudonyms(bytes(32))
        redactor = Redactor(pseudonyms, Literals(pseudonyms, (SECRET,)))
        port = asyncio.get_running_loop().create_future()
        with Writer.create(folder / "s.kproxy", a_session(end=SessionEnd.RECORDING, started_at=STARTED)) as writer:
            committer = Committer(writer, lambda _: None)
            settings = RecorderSettings(
                recording=writer.path,
                session=writer.session,
                epoch=time.monotonic_ns(),
                handoffs=(),
                key=folder / "key",
                otlp="127.0.0.1:0",
            )

            def say(news: News) -> None:
                assert isinstance(news, SpansNews)
                if not news.found:
                    port.set_result(news.port)

            async with SpanIntake(settings, committer, redactor, say, resumed=resumed) as intake:
                async with grpc.aio.insecure_channel(f"127.0.0.1:{await port}") as channel:
                    for each in exported:
                        await channel.unary_unary(f"/{SERVICE}/Export")(each, timeout=60)
                await intake.finish()
            writer.close(a_session(started_at=STARTED))

    asyncio.run(take())
    with open_recording(str(folder / "s.kproxy")) as recording:
        return list(recording.spans()), list(recording.gaps())


def test_spans_are_stored_once_they_have_come_to_the_sessions_end(tmp_path: Path) -> None:
    """The second one is of a later clock: nothing earlier is to be waited for."""
    first, later = unix_nanos(STARTED), unix_nanos(STARTED) + 3600 * 10**9
    spans, gaps = taken(tmp_path, [request(at=first), request(at=later, span_id=b"\x44" * 8)])
    assert [(span.span_id, span.started) for span in spans] == [("22" * 8, 5), ("44" * 8, 3600 * 10**9 + 5)]
    assert gaps == []


def test_spans_that_do_not_come_in_time_are_a_gap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "LATEST", 0.1)
    spans, gaps = taken(tmp_path, [request(at=unix_nanos(STARTED))])
    assert len(spans) == 1
    assert [gap.kind for gap in gaps] == ["spans"]
    assert "the last one ended" in gaps[0].reason


def test_more_than_can_wait_is_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subject, "MOST_WAITING", -1)
    spans, gaps = taken(tmp_path, [request(at=unix_nanos(STARTED) + 3600 * 10**9)])
    assert (spans, [(gap.kind, gap.count) for gap in gaps]) == ([], [("spans", 1)])


def test_a_recorder_that_goes_on_says_that_spans_are_missing(tmp_path: Path) -> None:
    _, gaps = taken(tmp_path, [request(at=unix_nanos(STARTED) + 3600 * 10**9)], resumed=True)
    assert [gap.kind for gap in gaps] == ["spans"]
    assert "there was no recorder" in gaps[0].reason


def test_a_known_secret_in_an_attribute_is_hidden(tmp_path: Path) -> None:
    made = ExportTraceServiceRequest.FromString(request(at=unix_nanos(STARTED) + 3600 * 10**9))
    span = made.resource_spans[0].scope_spans[0].spans[0]
    span.name = f"GET /api?token={SECRET}"
    span.attributes.add(key="url").value.string_value = f"/api?token={SECRET}"
    span.attributes.add(key="long").value.string_value = "x" * (MAX_TEXT - 5) + SECRET
    span.attributes.add(key=SECRET).value.string_value = "x"
    span.attributes[0].value.string_value = SECRET  # the audit id
    spans, _ = taken(tmp_path, [made.SerializeToString()])
    assert SECRET[:5] not in repr(spans)
    assert max(len(value) for _, value in spans[0].attributes) == MAX_TEXT
    assert SECRET not in repr(spans)
    assert dict(spans[0].attributes)["url"].startswith("/api?token=")


def test_a_sessions_beginning_is_exact_to_the_nanosecond() -> None:
    assert unix_nanos("1970-01-01T00:00:01.000000002Z") == 1_000_000_002
    assert unix_nanos("1970-01-01T00:00:01Z") == 1_000_000_000
