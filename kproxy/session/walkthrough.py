"""The walkthrough's client, a process of its own: POST the pod hello-demo, GET it, DELETE it, GET answers 404.

`python -m kproxy.session.walkthrough`, with KPROXY_URL, KPROXY_TOKEN and KPROXY_CA of a `kproxy record` around it.
Exit code 1 when an answer is not what the walkthrough teaches.
"""

import http.client
import json
import os
import ssl
import sys
from urllib.parse import urlsplit

PODS = "/api/v1/namespaces/default/pods"
POD = {
    "apiVersion": "v1",
    "kind": "Pod",
    "metadata": {"name": "hello-demo", "labels": {"app": "hello-demo"}},
    "spec": {
        "containers": [{"name": "hello-demo", "image": "hello-demo:1.0", "ports": [{"containerPort": 8000}]}],
    },
}
STEPS = (
    ("POST", PODS, POD, 201),
    ("GET", f"{PODS}/hello-demo", None, 200),
    ("DELETE", f"{PODS}/hello-demo", None, 200),
    ("GET", f"{PODS}/hello-demo", None, 404),
)


def main() -> int:
    """Send the four requests on one connection."""
    place = urlsplit(os.environ["KPROXY_URL"])
    context = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])
    client = http.client.HTTPSConnection(place.hostname or "", place.port, context=context, timeout=60)
    headers = {"Authorization": f"Bearer {os.environ['KPROXY_TOKEN']}", "User-Agent": "kproxy-walkthrough"}
    for method, path, body, expected in STEPS:
        sent = json.dumps(body) if body else None
        client.request(method, path, sent, headers | ({"Content-Type": "application/json"} if sent else {}))
        answer = client.getresponse()
        answer.read()
        if answer.status != expected:
            sys.stderr.write(f"{method} {path} was answered {answer.status}, the walkthrough expects {expected}\n")
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
