"""The pieces that lies are made of."""

import json
from dataclasses import replace

import pytest

from kproxy.model.jsontypes import JSONObject
from tests.mutants.lies import (
    Asked,
    Of,
    Said,
    bodies,
    documents,
    drop,
    put,
    status,
    with_header,
    with_parameter,
    without_header,
    without_parameter,
)

ASKED = Asked("POST", "/api/v1/pods", "limit=2&watch=1", (), b'{"metadata":{"name":"a"}}')
SAID = Said(201, "Created", (("Content-Type", "application/json"), ("Warning", "x")), b'{"spec":{"a":1,"b":[1,2]}}')


@pytest.mark.parametrize(
    ("of", "matches"),
    [
        (Of("POST", "/api/v1/pods"), True),
        (Of("GET", "/api/v1/pods"), False),
        (Of("POST", "/api/v1"), False),
        (Of("POST", "/api/v1/.*", "limit=", '"name"'), True),
        (Of("POST", "/api/v1/.*", "continue="), False),
        (Of("POST", "/api/v1/.*", "", '"uid"'), False),
    ],
)
def test_a_lie_is_about_the_requests_that_match_all_its_words(of: Of, matches: bool) -> None:
    assert of.matches(ASKED) is matches


def test_a_documents_fields_are_set_and_dropped() -> None:
    def both(value: JSONObject) -> None:
        put(2, "spec", "a")(value)
        drop("spec", "b", 0)(value)

    assert json.loads(documents(both)(SAID).body) == {"spec": {"a": 2, "b": [2]}}


def test_an_answer_that_is_no_document_or_does_not_change_stays_as_it_is() -> None:
    text = replace(SAID, body=b"not json")
    assert documents(put(2, "spec"))(text) is text
    assert documents(put(1, "spec", "a"))(SAID) is SAID


def test_statuses_headers_and_parameters_change() -> None:
    assert status(200)(SAID).status == 200
    assert without_header("warning")(SAID).headers == (("Content-Type", "application/json"),)
    assert with_header("warning", "y")(SAID).headers[1] == ("Warning", "y")
    assert without_parameter("limit")(ASKED).query == "watch=1"
    assert with_parameter("limit", "3")(ASKED).query == "watch=1&limit=3"
    assert json.loads(bodies(put("b", "metadata", "name"))(ASKED).body) == {"metadata": {"name": "b"}}
