"""A name that a server draws again when its object is gone: recorded, or in the replay."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.lab.servers import ApiServerPlace, Command, emulated_command
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.lab.users import User
from kproxy.session.log import Filters, log_rows
from tests.support.command import current_context, kproxy
from tests.support.etcd_truth import check_recorded

pytestmark = pytest.mark.process

REPEATING = "import kproxy.lab.emulated.__main__ as server; server._SUFFIX_ALPHABET = '2'; server.main()"
"""An emulated server that draws one name for all that have one prefix."""

PODS = """
import json, os, ssl, threading, urllib.error, urllib.request

pods = os.environ["KPROXY_URL"] + "/api/v1/namespaces/default/pods"
trust = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])

def ask(method, url, body=None):
    head = {"Authorization": "Bearer " + os.environ["KPROXY_TOKEN"], "Content-Type": "application/json"}
    head |= {"Content-Type": "application/merge-patch+json"} if method == "PATCH" else {}
    data = None if body is None else json.dumps(body).encode()
    try:
        return urllib.request.urlopen(urllib.request.Request(url, data, head, method=method), context=trust)
    except urllib.error.HTTPError as error:
        return error

watch = ask("GET", pods + "?watch=true&timeoutSeconds=60")
for turn in range(3):
    spec = {"containers": [{"name": "main", "image": f"nginx:{turn}"}]}
    made = json.load(ask("POST", pods, {"metadata": {"generateName": "web-"}, "spec": spec}))
    name = made["metadata"]["name"]
    own = f"{pods}/{name}"
    assert ask("PATCH", own, {"metadata": {"annotations": {"it-is": f"pod {name} of turn {turn}"}}}).status == 200
    assert len(json.load(ask("GET", pods))["items"]) == 1
    while json.loads(watch.readline())["type"] != "MODIFIED":
        pass
    assert ask("DELETE", own).status == 200
    while json.loads(watch.readline())["type"] != "DELETED":
        pass
    assert ask("GET", own).status == 404
"""


@contextmanager
def a_lab(monkeypatch: pytest.MonkeyPatch, *, repeating: bool) -> Iterator[Lab]:
    """An emulated server; `repeating`: one that draws each name again."""

    def command(place: ApiServerPlace, users: tuple[User, ...], env: Mapping[str, str]) -> Command:
        made = emulated_command(place, users, env)
        return replace(made, argv=[sys.executable, "-c", REPEATING, made.argv[-1]])

    with monkeypatch.context() as patched:
        if repeating:
            patched.setattr("kproxy.lab.start.emulated_command", command)
        with start_lab(LabSettings()) as lab:
            yield lab


def record(where: Path, lab: Lab, env: Mapping[str, str]) -> list[str]:
    """Record the session; the names of the pods that it made."""
    done = kproxy("record", "-o", where, "--", sys.executable, "-c", PODS, env={**env, **lab.environment()})
    assert done.returncode == 0, done.stderr
    assert check_recorded(where) >= 9
    return names_in(where)


def names_in(where: Path) -> list[str]:
    """The names of the pods that were deleted."""
    return [row.target.rpartition("/")[2] for row in log_rows(str(where), Filters()) if row.verb == "delete"]


@pytest.mark.parametrize("recorded_again", [False, True])
def test_the_session_is_the_same_whoever_draws_a_name_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, env: dict[str, str], *, recorded_again: bool
) -> None:
    recorded, replayed = tmp_path / "recorded.kproxy", tmp_path / "replayed.kproxy"
    with a_lab(monkeypatch, repeating=recorded_again) as lab:
        names = record(recorded, lab, env)
    with a_lab(monkeypatch, repeating=not recorded_again) as lab:
        on = ("--on", f"context:{current_context(lab.kubeconfig)}", "--etcd", *lab.etcd_endpoints)
        on += ("-o", str(replayed), "--yes", "--format", "json")
        done = kproxy("replay", recorded, *on, env={**env, **lab.environment()})
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert found["verdict"] in {"identical", "equivalent"}
    assert found["exchanges"]["different"] == found["etcd"]["different"] == 0
    assert {len(set(names)), len(set(names_in(replayed)))} == {1, 3}
