"""What --only and --exclude let into a recording."""

import asyncio

import pytest

from kproxy.errors import UsageError
from kproxy.model.exchange import End
from kproxy.proxy.tap.wanted import Wanted, parse_rule, wanted_by
from kproxy.wire.handoff import unpack_head
from kproxy.wire.http1_head import parse_request_head
from tests.proxy.stage import GET_OK, OK, TeeReader, stage


def wants(wanted: Wanted | None, request: str, agent: str = "kubectl/v1.32") -> bool:
    assert wanted is not None
    head = f"{request} HTTP/1.1\r\nHost: x\r\nUSER-AGENT: {agent} \r\nAccept: */*\r\n\r\n"
    return wanted.wants(parse_request_head(head.encode()))


@pytest.mark.parametrize(
    ("rule", "request_line", "matches"),
    [
        ("verb=watch", "GET /api/v1/pods?watch=1", True),
        ("verb=watch", "GET /api/v1/pods", False),
        ("resource=pods", "GET /api/v1/namespaces/a/pods/x/log", True),
        ("resource=pods/log", "GET /api/v1/namespaces/a/pods/x/log", True),
        ("resource=pods/log", "GET /api/v1/namespaces/a/pods/x", False),
        ("resource=pods/*", "GET /api/v1/namespaces/a/pods/x", False),
        ("resource=deployments.apps", "GET /apis/apps/v1/namespaces/a/deployments", True),
        ("resource=deployments.apps/scale", "GET /apis/apps/v1/namespaces/a/deployments/x/scale", True),
        ("resource=deployments.apps", "GET /apis/else/v1/namespaces/a/deployments", False),
        ("resource=", "GET /healthz", True),
        ("resource=", "GET /api/v1/pods", False),
        ("namespace=prod-*", "GET /api/v1/namespaces/prod-eu/pods", True),
        ("namespace=prod-*", "GET /api/v1/namespaces/dev/pods", False),
        ("namespace=", "GET /api/v1/nodes", True),
        ("resource=pods,namespace=prod-*", "GET /api/v1/namespaces/prod-eu/pods", True),
        ("resource=pods,namespace=prod-*", "GET /api/v1/namespaces/prod-eu/services", False),
        ("user-agent=kubectl*", "GET /healthz", True),
        ("user-agent=kubectl", "GET /healthz", False),
        ("user-agent=Kubectl*", "GET /healthz", False),
    ],
)
def test_a_rule_matches_what_all_its_terms_do(rule: str, request_line: str, *, matches: bool) -> None:
    assert wants(wanted_by([rule], []), request_line) is matches
    assert wants(wanted_by([], [rule]), request_line) is not matches


def test_recorded_is_what_some_only_and_no_exclude_matches() -> None:
    wanted = wanted_by(["resource=pods", "verb=delete"], ["user-agent=kube-probe*"])
    assert wants(wanted, "GET /api/v1/pods")
    assert wants(wanted, "DELETE /api/v1/nodes/x")
    assert not wants(wanted, "GET /api/v1/nodes")
    assert not wants(wanted, "GET /api/v1/pods", "kube-probe/1.37")
    assert wanted_by([], []) is None


def test_a_pattern_of_user_agents_may_hold_commas() -> None:
    assert wants(wanted_by(["user-agent=a, b=*,verb=get"], []), "GET /healthz", "a, b=c")


def test_a_request_without_a_user_agent_has_an_empty_one() -> None:
    wanted = wanted_by(["user-agent="], [])
    assert wanted is not None
    assert wanted.wants(parse_request_head(b"GET / HTTP/1.1\r\nHost: x\r\nX: user-agent: no\r\n\r\n"))


def test_the_rules_can_be_read_in_the_recordings_header() -> None:
    wanted = wanted_by(["resource=pods"], ["user-agent=kube probe*"])
    assert wanted is not None
    assert wanted.text == "--only resource=pods --exclude 'user-agent=kube probe*'"


@pytest.mark.parametrize(
    "text", ["", "pods", "resourc=pods", "verb=get,resourc=pods", "verb=a,b", "verb=\n", "verb=" + "x" * 2000]
)
def test_a_rule_that_cannot_be_read_is_one_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="--only"):
        parse_rule(text, "--only")


def test_what_is_not_wanted_passes_has_no_number_and_leaves_no_gap() -> None:
    async def play() -> None:
        async with stage(wanted=wanted_by([], ["resource="])) as on:
            pods = GET_OK.replace(b"/api", b"/api/v1/pods")
            assert await on.talk(GET_OK + pods + GET_OK + pods) == OK * 4
            first, second = await on.record.exchanges(2)
            assert sorted(on.record.recorder.finished) == [1, 2]
            assert unpack_head(first.head).raw == unpack_head(second.head).raw == pods
            assert {first.end, second.end} == {End.COMPLETE}
            assert on.record.recorder.gaps == []
            assert on.record.outbox.left_out == 2

    asyncio.run(play())


def test_what_is_not_wanted_is_not_recorded_when_it_is_refused_either() -> None:
    async def play() -> None:
        async with stage(wanted=wanted_by(["resource=pods"], [])) as on:
            assert (await on.talk(GET_OK.replace(b" /", b" http://x/"))).startswith(b"HTTP/1.1 400")
            assert await on.record.exchanges() == []
            assert on.record.outbox.left_out == 1

    asyncio.run(play())


def test_an_exec_that_is_not_wanted_passes_both_ways() -> None:
    switching = b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    target = b"/api/v1/namespaces/a/pods/b/exec"
    upgrade = b"GET %b HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n" % target

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(switching)
        while data := await reader.some():
            writer.write(data.upper())

    async def play() -> None:
        async with stage(script, wanted=wanted_by([], ["resource=pods/exec"])) as on:
            reader, writer = await on.connect()
            writer.write(upgrade)
            assert await reader.readexactly(len(switching)) == switching
            writer.write(b"\x81\x02hi")
            assert await reader.readexactly(4) == b"\x81\x02HI"
            writer.write_eof()
            assert await reader.read() == b""
            writer.close()
            assert await on.record.exchanges() == []
            assert on.record.outbox.left_out == 1

    asyncio.run(play())


def test_a_watch_that_is_not_wanted_ends_with_the_recording_as_any_other() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"

    async def script(reader: TeeReader, writer: asyncio.StreamWriter) -> None:
        await reader.head()
        writer.write(head + b"3\r\n{}\n\r\n")
        await reader.some()

    async def play() -> None:
        async with stage(script, wanted=wanted_by([], ["verb=watch"])) as on:
            reader, writer = await on.connect()
            writer.write(GET_OK.replace(b"/api", b"/api/v1/pods?watch=1"))
            await reader.readuntil(b"{}\n\r\n")
        assert await reader.read() in {b"", b"0\r\n\r\n"}
        writer.close()
        assert on.record.recorder.finished == {}
        assert on.record.recorder.gaps == []

    asyncio.run(play())
