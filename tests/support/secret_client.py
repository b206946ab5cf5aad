"""A client that says secrets in every way that a client has: run by `kproxy record … -- python secret_client.py VALUE`.

The control value goes into a ConfigMap, which is no secret: it must be in the recording.
"""

import base64
import http.client
import json
import os
import ssl
import sys
from urllib.parse import urlsplit

NAMESPACE = "/api/v1/namespaces/default"


def main(secret: str, control: str) -> None:
    place = urlsplit(os.environ["KPROXY_URL"])
    context = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])
    encoded = base64.b64encode(secret.encode()).decode()
    applied = json.dumps({"apiVersion": "v1", "kind": "Secret", "data": {"password": encoded}})
    metadata = {"name": "hidden", "annotations": {"kubectl.kubernetes.io/last-applied-configuration": applied}}
    head = {"apiVersion": "v1", "kind": "Secret"}
    merge, patch = "application/merge-patch+json", "application/json-patch+json"
    steps: list[tuple[str, str, object, str, int]] = [
        ("POST", "secrets", {**head, "metadata": metadata, "data": {"password": encoded}}, "application/json", 201),
        (
            "POST",
            "secrets",
            {**head, "metadata": {"name": "plain"}, "stringData": {"p": secret}},
            "application/json",
            201,
        ),
        ("GET", "secrets/hidden", None, "", 200),
        ("GET", "secrets", None, "", 200),
        ("PATCH", "secrets/hidden", {"stringData": {"other": secret}}, merge, 200),
        ("PATCH", "secrets/hidden", [{"op": "replace", "path": "/data/password", "value": encoded}], patch, 200),
        ("GET", "secrets?watch=true&timeoutSeconds=1&resourceVersion=0", None, "", 200),
        ("GET", f"secrets/hidden?token={secret}", None, "", 200),
        (
            "POST",
            "configmaps",
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "shown"}, "data": {"control": control}},
            "application/json",
            201,
        ),
        ("DELETE", "secrets/hidden", None, "", 200),
    ]
    for method, path, body, media_type, expected in steps:
        client = http.client.HTTPSConnection(place.hostname or "", place.port, context=context, timeout=60)
        headers = {"Authorization": f"Bearer {os.environ['KPROXY_TOKEN']}", "Cookie": f"session={secret}"}
        headers |= {"Content-Type": media_type} if media_type else {}
        client.request(method, f"{NAMESPACE}/{path}", json.dumps(body) if body is not None else None, headers)
        answer = client.getresponse()
        said = answer.read()
        client.close()
        if answer.status != expected:
            raise SystemExit(f"{method} {path}: {answer.status}, expected {expected}: {said[:500]!r}")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
