import json

import pytest

from kproxy.proxy.status import REASONS, status_answer
from kproxy.wire.http1 import AnswerFramer, AnswerHead, Body


@pytest.mark.parametrize("code", sorted(REASONS))
def test_an_answer_of_kproxys_own_is_a_status_in_a_well_framed_answer(code: int) -> None:
    own = status_answer(code, 'why, with "quotes" and \u00fcmlauts')
    framer = AnswerFramer()
    framer.expect(b"GET")

    events = framer.feed(own.wire)

    head, body = events[0], events[1]
    assert isinstance(head, AnswerHead)
    assert isinstance(body, Body)
    assert head.status == code
    assert b"Content-Type: application/json\r\n" in head.raw
    status = json.loads(body.content)
    assert (status["kind"], status["apiVersion"], status["status"], status["code"]) == ("Status", "v1", "Failure", code)
    assert status["message"] == 'why, with "quotes" and \u00fcmlauts'
    assert framer.idle


def test_a_head_gets_the_length_and_not_the_body() -> None:
    own = status_answer(401, "why", b"HEAD")

    assert own.wire == own.head
    assert b"Content-Length: 0" not in own.head
