"""W3C trace context: whose trace a request belongs to, and the head that it goes on with."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.http1_head import parse_request_head
from kproxy.wire.tracecontext import Tracer, TraceSeeds, client_trace, new_seeds, trace_ids

SEEDS = TraceSeeds("0123456789abcdef", 1 << 63)
TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
FIRST = "POST /api/v1/pods HTTP/1.1\r\nHost: a\r\n"
OURS = "Traceparent: 00-0123456789abcdef0000000000000005-8000000000000005-00\r\n\r\n"


def onward(*lines: str, seeds: TraceSeeds = SEEDS) -> str:
    raw = (FIRST + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode()
    return Tracer(seeds).onward(parse_request_head(raw).fields, raw, 5).decode()


def test_a_request_without_a_trace_gets_one_of_its_own() -> None:
    assert onward("Accept: */*") == f"{FIRST}Accept: */*\r\n{OURS}"
    assert (SEEDS.trace_id(5), SEEDS.parent_id(5)) == ("0123456789abcdef0000000000000005", "8000000000000005")


def test_a_clients_trace_is_joined_and_its_flags_and_state_stay() -> None:
    went = onward(f"TraceParent: 00-{TRACE}-{PARENT}-01", "Accept: */*", "tracestate: a=1", "Tracestate: b=2")
    joined = f"Traceparent: 00-{TRACE}-8000000000000005-01"
    assert went == f"{FIRST}Accept: */*\r\ntracestate: a=1\r\nTracestate: b=2\r\n{joined}\r\n\r\n"


@pytest.mark.parametrize(
    "value",
    [
        "",
        "garbage",
        f"00-{TRACE.upper()}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}",
        f"ff-{TRACE}-{PARENT}-01",
        f"01-{TRACE}-{PARENT}-01more",
        f"00-{TRACE}-{PARENT}-0x",
    ],
)
def test_an_invalid_traceparent_is_replaced_and_its_tracestate_goes(value: str) -> None:
    assert onward(f"traceparent: {value}", "tracestate: a=1", "Accept: */*") == f"{FIRST}Accept: */*\r\n{OURS}"


def test_two_traceparents_are_none() -> None:
    line = f"traceparent: 00-{TRACE}-{PARENT}-01"
    assert onward(line, line) == FIRST + OURS


def test_a_tracestate_alone_belongs_to_no_trace() -> None:
    assert onward("tracestate: a=1") == FIRST + OURS


def test_a_later_version_is_read_as_far_as_this_one_goes() -> None:
    assert onward(f"traceparent: cc-{TRACE}-{PARENT}-ff-what-else").endswith(f"-{TRACE}-8000000000000005-01\r\n\r\n")


def test_flags_that_nobody_knows_are_cleared() -> None:
    assert onward(f"traceparent: 00-{TRACE}-{PARENT}-ff").endswith("-8000000000000005-03\r\n\r\n")


def test_only_our_own_traces_are_sampled_on_demand() -> None:
    sampled = TraceSeeds(SEEDS.trace, SEEDS.parent, sampled=True)
    assert onward(seeds=sampled).endswith("-8000000000000005-01\r\n\r\n")
    assert onward(f"traceparent: 00-{TRACE}-{PARENT}-00", seeds=sampled).endswith("-8000000000000005-00\r\n\r\n")


def test_names_that_only_begin_alike_stay() -> None:
    assert onward("Traceparent-Of: x", "X-Traceparent: y") == f"{FIRST}Traceparent-Of: x\r\nX-Traceparent: y\r\n{OURS}"


def test_ids_of_a_session_are_valid_and_name_one_exchange() -> None:
    seeds = new_seeds()
    made = {(seeds.trace_id(seq), seeds.parent_id(seq)) for seq in range(1, 2000)}
    assert len(made) == len({parent for _, parent in made}) == 1999
    assert all(re.fullmatch("[0-9a-f]{32}", trace) and re.fullmatch("[0-9a-f]{16}", parent) for trace, parent in made)
    assert "0" * 16 not in {parent for _, parent in made}
    assert new_seeds() != seeds


@given(st.lists(st.binary(max_size=80), max_size=3))
def test_whatever_a_client_sends_is_no_trace_or_a_valid_one(values: list[bytes]) -> None:
    trace = client_trace(values)
    assert trace is None or (re.fullmatch(rb"[0-9a-f]{32}", trace.trace_id) and trace.flags <= b"03")


@given(st.from_regex(rb"\A[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}\Z"))
def test_what_is_written_of_a_trace_is_read_as_the_same_one(value: bytes) -> None:
    trace = client_trace([value])
    if trace is not None:
        again = client_trace([Tracer(SEEDS).traceparent(trace, 7)])
        assert again is not None
        assert (again.trace_id, again.flags) == (trace.trace_id, trace.flags)


@pytest.mark.parametrize(
    "value",
    [
        f"00-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-00",
        f" 00-{TRACE}-{PARENT}-01\t",
        f"cc-{TRACE}-{PARENT}-01",
        f"cc-{TRACE}-{PARENT}-01-what-comes-later",
    ],
)
def test_both_ids_of_a_calls_traceparent_are_read(value: str) -> None:
    assert trace_ids(value.encode()) == (TRACE, PARENT)


@pytest.mark.parametrize(
    "value",
    [
        "",
        f"00-{TRACE.upper()}-{PARENT.upper()}-01",
        TRACE,
        f"00-{TRACE}-{PARENT}",
        f"00-{TRACE}-{PARENT}-0",
        f"00-{TRACE}-{PARENT}-01-more",
        f"00-{TRACE}-{PARENT}-011",
        f"cc-{TRACE}-{PARENT}-01.more",
        f"ff-{TRACE}-{PARENT}-01",
        f"00-{'0' * 32}-{PARENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"00-{TRACE[:-1]}g-{PARENT}-01",
        f"00_{TRACE}-{PARENT}-01",
        f"0x-{TRACE}-{PARENT}-01",
        f"00-{TRACE}-{PARENT}-zz",
    ],
)
def test_what_is_no_traceparent_names_no_trace(value: str) -> None:
    assert trace_ids(value.encode()) == ("", "")
