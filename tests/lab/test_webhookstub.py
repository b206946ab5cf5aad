"""The admission server in the place of those that are not there."""

import base64
import json
import ssl
from http.client import HTTPSConnection
from urllib.parse import urlsplit

from kproxy.lab.webhookstub import answer_to, webhook_stub
from kproxy.model.jsontypes import JSONObject


def test_it_allows_everything_over_tls() -> None:
    review: JSONObject = {
        "apiVersion": "admission.k8s.io/v1",
        "kind": "AdmissionReview",
        "request": {"uid": "u", "object": {"kind": "Pod"}},
    }
    with webhook_stub() as stub:
        trusted = ssl.create_default_context(cadata=base64.b64decode(stub.ca).decode())
        place = urlsplit(stub.url)
        connection = HTTPSConnection(place.hostname or "", place.port, timeout=60, context=trusted)
        connection.request("POST", "/admit", json.dumps(review), {"Content-Type": "application/json"})
        answer = connection.getresponse()
        assert json.load(answer) == {
            "apiVersion": "admission.k8s.io/v1",
            "kind": "AdmissionReview",
            "response": {"uid": "u", "allowed": True},
        }
        connection.request("POST", "/admit", "no review", {"Content-Type": "application/json"})
        assert connection.getresponse().status == 400
        connection.close()


def test_a_conversion_changes_nothing_but_the_version() -> None:
    answer = answer_to(
        {
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "ConversionReview",
            "request": {"uid": "u", "desiredAPIVersion": "e.com/v2", "objects": [{"apiVersion": "e.com/v1", "a": 1}]},
        }
    )
    assert answer["response"] == {
        "uid": "u",
        "result": {"status": "Success"},
        "convertedObjects": [{"apiVersion": "e.com/v2", "a": 1}],
    }
