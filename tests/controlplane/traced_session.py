"""COMMAND of a recording with --identity pass: callers of each kind, a client's own trace, retries, a collection.

python -m tests.controlplane.traced_session LAB-FOLDER
"""

import http.client
import json
import os
import ssl
import sys
import threading
import time
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from kproxy.lab.users import VIEWER

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
PARENT = "00f067aa0ba902b7"
OF_A_TRACE = {"Traceparent": f"00-{TRACE}-{PARENT}-01", "Tracestate": "vendor=1"}
MAPS = "/api/v1/namespaces/default/configmaps"
PATIENCE = 60.0
RACERS, ROUNDS = 8, 25

type Headers = dict[str, str]


def main() -> None:
    """The session."""
    folder = Path(sys.argv[1])
    admin, viewer = (_bearer(folder / name) for name in ("kubeconfig", "user-kubeconfig"))
    callers = {"admin": admin, "viewer": viewer, "jane": admin | {"Impersonate-User": "jane"}}
    _let_write(admin, callers)
    for name, headers in callers.items():
        _life(f"of-{name}", headers)
    _life("of-a-trace", admin | OF_A_TRACE)
    _race(admin)
    for number in range(3):
        ask("POST", MAPS, admin, {"metadata": {"name": f"many-{number}", "labels": {"many": "yes"}}}, expect=201)
    ask("DELETE", f"{MAPS}?labelSelector=many%3Dyes", admin)


def _let_write(admin: Headers, callers: dict[str, Headers]) -> None:
    """Who is not in system:masters gets its rights too, and it is waited until the server knows of them."""
    subjects = [{"kind": "User", "apiGroup": "rbac.authorization.k8s.io", "name": name} for name in ("jane", VIEWER)]
    role = {"kind": "ClusterRole", "apiGroup": "rbac.authorization.k8s.io", "name": "cluster-admin"}
    binding = {"metadata": {"name": "writers"}, "roleRef": role, "subjects": subjects}
    ask("POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", admin, binding, expect=201)
    deadline = time.monotonic() + PATIENCE
    for headers in callers.values():
        while ask("POST", f"{MAPS}?dryRun=All", headers, {"metadata": {"name": "tried"}}, expect=None) != 201:
            if time.monotonic() > deadline:
                sys.exit("the rights never came")
            time.sleep(0.1)


def _life(name: str, headers: Headers) -> None:
    """Created, read, patched, deleted."""
    ask("POST", MAPS, headers, {"metadata": {"name": name}}, expect=201)
    ask("GET", f"{MAPS}/{name}", headers)
    ask("PATCH", f"{MAPS}/{name}", headers, {"data": {"a": "b"}})
    ask("DELETE", f"{MAPS}/{name}", headers)


def _race(headers: Headers) -> None:
    """Patches of one object at once, on connections that are kept: the server tries again what comes too late."""
    ask("POST", MAPS, headers, {"metadata": {"name": "raced"}}, expect=201)

    begin = threading.Barrier(RACERS)

    def patch(racer: int) -> None:
        with closing(_connected()) as connection:
            begin.wait(PATIENCE)
            for number in range(ROUNDS):
                data = {"data": {f"racer-{racer}": str(number)}}
                _asked(connection, "PATCH", f"{MAPS}/raced", headers, data, expect=200)

    racers = [threading.Thread(target=patch, args=(racer,)) for racer in range(RACERS)]
    for racer in racers:
        racer.start()
    for racer in racers:
        racer.join()


def ask(method: str, path: str, headers: Headers, body: object = None, *, expect: int | None = 200) -> int:
    """One request on a connection of its own; its status."""
    with closing(_connected()) as connection:
        return _asked(connection, method, path, headers, body, expect=expect)


def _connected() -> http.client.HTTPSConnection:
    place = urlsplit(os.environ["KPROXY_URL"])
    context = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])
    return http.client.HTTPSConnection(place.hostname or "", place.port, timeout=PATIENCE, context=context)


def _asked(  # noqa: PLR0913 - the parts of a request
    connection: http.client.HTTPSConnection,
    method: str,
    path: str,
    headers: Headers,
    body: object,
    *,
    expect: int | None,
) -> int:
    kind = "application/merge-patch+json" if method == "PATCH" else "application/json"
    content = None if body is None else json.dumps(body)
    connection.request(method, path, content, headers | {"Content-Type": kind})
    answer = connection.getresponse()
    said = answer.read()
    if expect is not None and answer.status != expect:
        sys.exit(f"{method} {path} was answered {answer.status}: {said!r}")
    return answer.status


def _bearer(kubeconfig: Path) -> Headers:
    user = yaml.safe_load(kubeconfig.read_text())["users"][0]["user"]
    return {"Authorization": f"Bearer {user['token']}"}


if __name__ == "__main__":
    main()
