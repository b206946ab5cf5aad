"""kproxy.session.instead: what goes out in place of requests that name webhooks which are not there."""

import json
from dataclasses import replace

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.replay.webhooks import Handling, Webhooks
from kproxy.session.instead import requests_instead
from tests.support.made import an_exchange
from tests.support.memory import MemoryRecording


def test_a_request_of_the_session_that_makes_a_webhook_goes_out_as_it_can_be_there() -> None:
    recording = MemoryRecording()
    hook: JSONObject = {"name": "h", "failurePolicy": "Fail", "clientConfig": {"url": "https://192.0.2.1/"}}
    body: JSONObject = {"kind": "ValidatingWebhookConfiguration", "metadata": {"name": "g"}, "webhooks": [hook]}
    exchange = an_exchange(1)
    group, resource = "admissionregistration.k8s.io", "validatingwebhookconfigurations"
    info = replace(exchange.info, verb="create", is_resource=True, group=group, version="v1", resource=resource)
    headers = (("Content-Type", "application/json"),)
    request = replace(exchange.request, body=recording.keep(json.dumps(body).encode()), headers=headers)
    recording.exchange_list = [replace(exchange, info=info, request=request)]
    found = requests_instead(recording, Handling(Webhooks.DROP))
    assert json.loads(found[exchange.seq])["webhooks"][0]["failurePolicy"] == "Ignore"
    assert requests_instead(recording, Handling(Webhooks.KEEP)) == {}


@pytest.mark.parametrize("media_type", ["application/merge-patch+json", "application/strategic-merge-patch+json"])
def test_a_patch_that_names_a_webhooks_url_goes_out_without_it_though_it_says_no_kind(media_type: str) -> None:
    recording = MemoryRecording()
    patch: JSONObject = {"webhooks": [{"name": "h", "clientConfig": {"url": "https://policy.corp/"}}]}
    exchange = an_exchange(1)
    group, resource = "admissionregistration.k8s.io", "mutatingwebhookconfigurations"
    asked = {"verb": "patch", "group": group, "version": "v1", "resource": resource, "name": "g"}
    info = replace(exchange.info, is_resource=True, **asked)
    request = replace(
        exchange.request, body=recording.keep(json.dumps(patch).encode()), headers=(("Content-Type", media_type),)
    )
    recording.exchange_list = [replace(exchange, info=info, request=request)]
    sent = requests_instead(recording, Handling(Webhooks.DROP))[exchange.seq]
    assert b"policy.corp" not in sent
    assert json.loads(sent)["webhooks"][0]["failurePolicy"] == "Ignore"


def test_a_json_patch_that_names_a_webhooks_url_goes_out_without_it() -> None:
    recording = MemoryRecording()
    patch: list[JSON] = [
        {"op": "add", "path": "/metadata/labels", "value": {"a": "b"}},
        {"op": "replace", "path": "/webhooks/0/clientConfig/url", "value": "https://policy.corp/"},
    ]
    exchange = an_exchange(1)
    group, resource = "admissionregistration.k8s.io", "mutatingwebhookconfigurations"
    asked = {"verb": "patch", "group": group, "version": "v1", "resource": resource, "name": "g"}
    info = replace(exchange.info, is_resource=True, **asked)
    headers = (("Content-Type", "application/json-patch+json"),)
    request = replace(exchange.request, body=recording.keep(json.dumps(patch).encode()), headers=headers)
    recording.exchange_list = [replace(exchange, info=info, request=request)]
    sent = requests_instead(recording, Handling(Webhooks.DROP))[exchange.seq]
    assert b"policy.corp" not in sent
    assert json.loads(sent)[0] == patch[0]
    assert {"op": "add", "path": "/webhooks/0/failurePolicy", "value": "Ignore"} in json.loads(sent)
    assert requests_instead(recording, Handling(Webhooks.KEEP)) == {}
