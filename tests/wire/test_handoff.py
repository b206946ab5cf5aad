"""The hand-off's format."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.exchange import Altered, End, IdentityMode, Seq
from kproxy.wire.handoff import (
    ANSWER,
    BATCH,
    END_CODES,
    IDENTITY_NUMBER,
    AnswerType,
    ChannelPayload,
    Record,
    RecordType,
    pack_answer,
    pack_batch,
    pack_channel,
    pack_end,
    pack_head,
    pack_record,
    unpack_channel,
    unpack_end,
    unpack_head,
    unpack_records,
)

records = st.builds(
    Record,
    st.sampled_from(RecordType),
    st.integers(0, 2**64 - 1).map(Seq),
    st.integers(0, 2**64 - 1),
    st.binary(max_size=100),
)


@given(st.lists(records, max_size=20), st.integers(0, 2**64 - 1))
def test_a_batch_gives_back_the_records_that_went_in(given_records: list[Record], number: int) -> None:
    body = b"".join(pack_record(each.type, each.seq, each.at, each.payload) for each in given_records)
    batch = pack_batch(number, body)
    assert BATCH.unpack_from(batch) == (number, len(body))
    assert list(unpack_records(batch[BATCH.size :])) == given_records


@given(st.binary(min_size=1, max_size=50), st.data())
def test_a_cut_batch_is_refused_and_never_half_read(payload: bytes, data: st.DataObject) -> None:
    whole = pack_record(RecordType.REQUEST_BODY, 1, 2, payload)
    cut = data.draw(st.integers(1, len(whole) - 1))
    with pytest.raises(ValueError, match="cut in its"):
        list(unpack_records(whole[:cut]))


@given(st.integers(0, 2**32 - 1), st.integers(0, 15), st.booleans(), st.text(max_size=30), st.binary(max_size=200))
def test_a_head_says_what_was_packed(connection: int, altered: int, tls: bool, caller: str, raw: bytes) -> None:
    try:
        name = caller.encode()
    except UnicodeEncodeError:
        return
    head = unpack_head(pack_head(connection, altered, tls=tls, caller=name, raw=raw))
    assert (head.connection, head.altered, head.tls, head.caller, head.raw) == (
        connection,
        Altered(altered),
        tls,
        caller,
        raw,
    )


@pytest.mark.parametrize("end", list(End))
def test_every_end_has_a_code(end: End) -> None:
    assert end in END_CODES
    assert unpack_end(pack_end(end, "почему")) == (end, "почему")


@pytest.mark.parametrize("mode", list(IdentityMode))
def test_a_head_says_as_whom_its_request_went_on(mode: IdentityMode) -> None:
    payload = pack_head(
        1, 0, tls=True, caller=b"ada", raw=b"GET", identity=IDENTITY_NUMBER[mode], forwarded="ада [dev]".encode()
    )
    head = unpack_head(payload)
    assert (head.identity, head.caller, head.forwarded, head.raw) == (mode, "ada", "ада [dev]", b"GET")


@given(st.booleans(), st.text(max_size=40), st.integers(0, 2**63), st.none() | st.binary(max_size=50))
def test_a_channel_frame_says_what_was_packed(answer: bool, channel: str, size: int, content: bytes | None) -> None:
    try:
        name = channel.encode()
    except UnicodeEncodeError:
        return
    packed = pack_channel(answer=answer, channel=name, size=size, content=content)
    assert unpack_channel(packed) == ChannelPayload(answer, channel, size, content)


@given(st.sampled_from(AnswerType), st.integers(0, 2**64 - 1), st.integers(0, 2**64 - 1), st.integers(0, 2**32 - 1))
def test_an_answer_gives_back_its_kind_and_its_numbers(kind: AnswerType, a: int, b: int, c: int) -> None:
    assert ANSWER.unpack(pack_answer(kind, a, b, c)) == (kind, a, b, c)
    assert ANSWER.unpack(pack_answer(kind)) == (kind, 0, 0, 0)
