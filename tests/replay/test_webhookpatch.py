"""kproxy.replay.webhookpatch: JSON patches that name webhooks."""

import json

import jsonpatch
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.api import ObjectRef
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.replay.webhookpatch import adapted_operations
from kproxy.replay.webhooks import NOBODY, Handling, Stub, Webhooks
from tests.replay.test_webhooks import CONFIGURATION, DEFINITION

URL = "https://policy.corp/"
HOOK: JSONObject = {"name": "h", "failurePolicy": "Fail", "clientConfig": {"url": URL, "caBundle": "eA=="}}


def sent(operation: JSONObject, handling: Handling | None = None, ref: ObjectRef = CONFIGURATION) -> list[JSON]:
    """What goes out for one operation."""
    handling = handling or Handling(Webhooks.DROP)
    return adapted_operations([operation], lambda value: handling.adapt(ref, value) or value)


@pytest.mark.parametrize(
    ("op", "path", "value"),
    [
        ("replace", "", {"webhooks": [HOOK]}),
        ("replace", "/webhooks", [HOOK]),
        ("add", "/webhooks/0", HOOK),
        ("add", "/webhooks/-", HOOK),
        ("replace", "/webhooks/0/clientConfig", HOOK["clientConfig"]),
        ("add", "/webhooks/0/clientConfig/url", URL),
    ],
)
def test_wherever_an_operation_says_a_url_it_goes_out_without_it_and_its_failure_is_ignored(
    op: str, path: str, value: JSON
) -> None:
    found = sent({"op": op, "path": path, "value": value})
    assert URL not in json.dumps(found)
    before: JSONObject = {"webhooks": [{**HOOK, "clientConfig": {"url": "https://there/"}}]}
    after = jsonpatch.JsonPatch([each for each in found if isinstance(each, dict)]).apply(before)
    [hook] = (each for each in after["webhooks"] if each["clientConfig"]["url"] == NOBODY)
    assert (hook["failurePolicy"], hook["timeoutSeconds"]) == ("Ignore", 1)


def test_a_stub_is_called_in_its_place() -> None:
    handling = Handling(Webhooks.STUB, stub=Stub("https://127.0.0.1:5", "Y2E="))
    found = sent({"op": "replace", "path": "/webhooks/1/clientConfig/caBundle", "value": "eA=="}, handling)
    assert found == [
        {"op": "replace", "path": "/webhooks/1/clientConfig/caBundle", "value": "Y2E="},
        {"op": "add", "path": "/webhooks/1/clientConfig/url", "value": "https://127.0.0.1:5/admit"},
    ]


def test_a_conversion_that_is_not_there_is_none_however_deep_it_is_said() -> None:
    client: JSONObject = {"clientConfig": {"url": URL}}
    said: dict[str, JSON] = {
        "/spec/conversion": {"strategy": "Webhook", "webhook": client},
        "/spec/conversion/webhook": client,
        "/spec/conversion/webhook/clientConfig/url": URL,
    }
    for path, value in said.items():
        found = sent({"op": "add", "path": path, "value": value}, ref=DEFINITION)
        assert found == [{"op": "add", "path": "/spec/conversion", "value": {"strategy": "None"}}]


def test_what_is_tested_is_what_was_sent_and_what_is_gone_is_not_tested() -> None:
    found = sent({"op": "test", "path": "/webhooks/0/clientConfig/url", "value": URL})
    assert found == [{"op": "test", "path": "/webhooks/0/clientConfig/url", "value": NOBODY}]
    assert not sent({"op": "test", "path": "/spec/conversion/webhook/clientConfig/url", "value": URL}, ref=DEFINITION)


def test_what_names_no_webhook_and_what_is_kept_stays_as_it_is() -> None:
    operations: list[JSON] = [
        {"op": "add", "path": "/metadata/labels/a~1b", "value": "c"},
        {"op": "remove", "path": "/webhooks/0"},
        {"op": "add", "path": "no pointer", "value": HOOK},
        "no operation",
    ]
    handling = Handling(Webhooks.DROP)
    assert adapted_operations(operations, lambda value: handling.adapt(CONFIGURATION, value) or value) == operations
    named: JSONObject = {"op": "add", "path": "/webhooks/-", "value": HOOK}
    assert sent(named, Handling(Webhooks.KEEP)) == [named]


@given(
    st.lists(
        st.dictionaries(
            st.sampled_from(["op", "path", "value"]),
            st.sampled_from(["add", "test", "", "/", "/webhooks", "/webhooks/0/clientConfig", "/a/-/0"])
            | st.sampled_from([HOOK, [HOOK], None, {"url": URL}]),
        )
        | st.none()
    )
)
def test_no_operations_are_too_odd(operations: list[JSON]) -> None:
    handling = Handling(Webhooks.DROP)
    adapted_operations(operations, lambda value: handling.adapt(CONFIGURATION, value) or value)
