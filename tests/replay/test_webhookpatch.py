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


def patched(before: JSONObject, operations: list[JSON], handling: Handling, ref: ObjectRef) -> JSONObject:
    """What a patch makes of an object, as it goes out."""
    found = adapted_operations(operations, lambda value: handling.adapt(ref, value) or value)
    after: JSONObject = jsonpatch.JsonPatch([each for each in found if isinstance(each, dict)]).apply(before)
    return after


def test_what_the_later_operations_of_a_patch_say_of_a_webhook_that_is_not_there_is_as_it_is_there() -> None:
    hook: JSONObject = {**HOOK, "clientConfig": {"url": "https://there/"}}
    operations: list[JSON] = [
        {"op": "test", "path": "/webhooks/0/failurePolicy", "value": "Fail"},
        {"op": "replace", "path": "/webhooks/0/clientConfig/url", "value": URL},
        {"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"},
        {"op": "add", "path": "/webhooks/0/timeoutSeconds", "value": 10},
    ]
    handling = Handling(Webhooks.DROP, there=lambda config: config.get("url") == "https://there/")
    after = patched({"webhooks": [hook]}, operations, handling, CONFIGURATION)
    nobody: JSONObject = {**hook, "clientConfig": {"url": NOBODY}, "failurePolicy": "Ignore", "timeoutSeconds": 1}
    assert after == {"webhooks": [nobody]}
    again: list[JSON] = [
        {"op": "test", "path": "/webhooks/0/failurePolicy", "value": "Fail"},
        {"op": "replace", "path": "/webhooks/0/failurePolicy", "value": "Fail"},
    ]
    assert patched(after, again, handling, CONFIGURATION) == after


def test_of_a_service_that_is_not_there_only_the_failure_is_ignored() -> None:
    handling = Handling(Webhooks.DROP)
    service: JSONObject = {"service": {"namespace": "a", "name": "b"}}
    sent({"op": "replace", "path": "/webhooks/0/clientConfig", "value": service}, handling)
    timeout: JSONObject = {"op": "replace", "path": "/webhooks/0/timeoutSeconds", "value": 10}
    assert sent(timeout, handling) == [timeout]


def test_a_conversion_that_is_none_stays_so_whatever_is_said_of_its_strategy() -> None:
    operations: list[JSON] = [
        {"op": "add", "path": "/spec/conversion/webhook", "value": {"clientConfig": {"url": URL}}},
        {"op": "replace", "path": "/spec/conversion/strategy", "value": "Webhook"},
        {"op": "add", "path": "/spec/conversion/webhook/conversionReviewVersions", "value": ["v1"]},
    ]
    none: JSONObject = {"spec": {"conversion": {"strategy": "None"}}}
    for several in (operations, [operations[1], operations[0], operations[2]]):
        assert patched(none, several, Handling(Webhooks.DROP), DEFINITION) == none
    strategy: JSONObject = {"op": "replace", "path": "/spec/conversion/strategy", "value": "Webhook"}
    assert sent(strategy, ref=DEFINITION) == [strategy]


@pytest.mark.parametrize("policy", [Webhooks.DROP, Webhooks.STUB])
@pytest.mark.parametrize("ref", [CONFIGURATION, DEFINITION])
def test_an_operation_that_names_nobody_tells_nothing_of_a_webhook_that_is_there(
    policy: Webhooks, ref: ObjectRef
) -> None:
    handling = Handling(policy, stub=Stub("https://127.0.0.1:5", "Y2E="))
    folder = "/webhooks/0" if ref == CONFIGURATION else "/spec/conversion/webhook"
    for path, value in (("/clientConfig/caBundle", "eA=="), ("/clientConfig/service/path", "/x"), ("/a", "Fail")):
        operation: JSONObject = {"op": "replace", "path": folder + path, "value": value}
        assert sent(operation, handling, ref) == [operation]
    assert not handling.notes


def test_a_stub_is_called_in_its_place() -> None:
    handling = Handling(Webhooks.STUB, stub=Stub("https://127.0.0.1:5", "Y2E="))
    sent({"op": "replace", "path": "/webhooks/1/clientConfig/url", "value": URL}, handling)
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


def test_only_what_changes_beside_the_way_is_said_beside_it() -> None:
    def adapt(value: JSONObject) -> JSONObject:
        spec = value.get("a~/b")
        return {**value, "a~/b": {**spec, "near": 1, "same": 2}, "far": 3} if isinstance(spec, dict) else value

    whole: JSONObject = {"x": 1, "same": 2}
    assert adapted_operations([{"op": "add", "path": "/a~0~1b", "value": whole}], adapt) == [
        {"op": "add", "path": "/a~0~1b", "value": {"x": 1, "same": 2, "near": 1}},
        {"op": "add", "path": "/far", "value": 3},
    ]
    assert adapted_operations([{"op": "replace", "path": "/a~0~1b/x", "value": 1}], adapt) == [
        {"op": "replace", "path": "/a~0~1b/x", "value": 1},
        {"op": "add", "path": "/far", "value": 3},
        {"op": "add", "path": "/a~0~1b/near", "value": 1},
        {"op": "add", "path": "/a~0~1b/same", "value": 2},
    ]
    assert adapted_operations([{"op": "test", "path": "/a~0~1b/x", "value": 1}], adapt) == [
        {"op": "test", "path": "/a~0~1b/x", "value": 1}
    ]


@pytest.mark.parametrize(
    "operation",
    [
        "none",
        {"op": "remove", "path": "/webhooks/0", "value": {"webhooks": [HOOK]}},
        {"op": "add", "path": "/webhooks"},
        {"op": "add", "path": "webhooks", "value": [HOOK]},
        {"op": "add", "path": 7, "value": [HOOK]},
        {"op": "add", "path": "/0", "value": HOOK},
        {"op": "add", "path": "/metadata/labels", "value": {}},
    ],
)
def test_what_says_nothing_of_a_webhook_goes_out_as_it_is(operation: JSON) -> None:
    handling = Handling(Webhooks.DROP)
    assert adapted_operations([operation], lambda value: handling.adapt(CONFIGURATION, value) or value) == [operation]
