"""Sessions that once raised a false alarm or had a wrong ground, on a real kube-apiserver: recorded and replayed."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from kproxy.history.agreement import Agreement
from kproxy.model.jsontypes import JSONObject
from kproxy.store.reader import open_recording
from tests.support import watch_beside
from tests.support.same import assert_same
from tests.support.whole import blame_everything, compare_answers

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(240)]

KPROXY = [sys.executable, "-m", "kproxy"]
SESSIONS = Path(__file__).parent / "sessions"
OF_THE_SERVER = ("/registry/apiregistration.k8s.io/", "/registry/apiextensions.k8s.io/", "/registry/example.org/")
"""What the api-server changes by itself once a definition is written, or taken away."""

ALLOCATED = ("/registry/ipaddresses/", "/registry/ranges/")


def run(*arguments: str, env: dict[str, str]) -> str:
    done = subprocess.run([*KPROXY, *arguments], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def recorded(script: Path, assets: Path, folder: Path, env: dict[str, str]) -> Path:
    """A session of the script, with the audit log and etcdctl's own watch beside it."""
    session = folder / "s.kproxy"
    lab = ["lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--audit-log", str(folder / "a.log")]
    beside = [sys.executable, watch_beside.__file__, str(folder / "watch.jsonl")]
    record = [*KPROXY, "record", "-o", str(session), "--when-stuck", "block", "--", "sh", "-c"]
    run(*lab, "--", *beside, *record, f"sh {script} || true", env=env)
    return session


def check_ledger(session: Path, env: dict[str, str]) -> None:
    """Every change that etcdctl saw is there and has its ground; the audit log names the object that it was made to."""
    ledger = json.loads(run("correlate", str(session), "--json", env=env))
    entries = ledger["entries"]
    assert watch_beside.check(session.parent / "watch.jsonl", str(session)) == []
    groundless = [entry for entry in entries if entry["standing"] == "unattributed"]
    assert [entry for entry in groundless if not entry["key"].startswith(OF_THE_SERVER)] == []
    audited = {event["auditID"]: event for event in map(json.loads, (session.parent / "a.log").open())}
    requests = [json.loads(line) for line in run("log", str(session), "--json", env=env).splitlines()]
    for request in requests:
        check_changes(request, audited[request["audit_id"]])


def check_objects(session: Path) -> None:
    """`get --at` is what was answered, for each object and version; blame and managedFields tell the same."""
    with open_recording(str(session)) as recording:
        answers, blamed = compare_answers(recording), blame_everything(recording)
    assert answers.different == []
    assert answers.equal
    assert blamed.unexplained == []
    assert blamed.fields[Agreement.AGREES]


def check_changes(request: JSONObject, event: JSONObject) -> None:
    """What a request changed, by the audit log's word: the object it names, or what is allocated for it."""
    changes, asked = request["changes"], event.get("objectRef", {})
    assert isinstance(changes, list)
    assert isinstance(asked, dict)
    for change in changes:
        assert isinstance(change, dict)
        key = str(change["key"])
        assert request["verb"] in {"create", "update", "patch", "delete", "deletecollection"}
        allocated = asked.get("resource") == "services" and key.startswith(ALLOCATED)
        assert allocated or key.endswith(f"/{asked.get('name', '')}") or not asked.get("name")


@pytest.mark.parametrize("name", ["services", "deletions", "definitions", "races"])
def test_a_session_has_its_grounds_and_its_replay_on_a_fresh_server_is_no_different(
    name: str, assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    session = recorded(SESSIONS / f"{name}.sh", assets, tmp_path, real_env)
    check_ledger(session, real_env)
    check_objects(session)
    target = ["--on", "fresh:kube-apiserver", "--assets", str(assets), "--format", "json"]
    verdict = json.loads(run("replay", str(session), *target, env=real_env))
    assert_same(verdict)


def test_a_session_of_the_second_user_is_replayed_with_that_users_rights(
    assets: Path, tmp_path: Path, real_env: dict[str, str]
) -> None:
    session = tmp_path / "s.kproxy"
    words = "import json, os; print(json.load(open(os.environ['KPROXY_LAB']))['user_kubeconfig'])"
    script = f"""KUBECONFIG=$({sys.executable} -c "{words}") {sys.executable} -m kproxy record -o {session} -- \
        sh -c 'kubectl get configmaps && ! kubectl get secrets && ! kubectl create configmap x'"""
    run("lab", "run", "--server", "kube-apiserver", "--assets", str(assets), "--", "sh", "-c", script, env=real_env)
    statuses = [json.loads(line)["status"] for line in run("log", str(session), "--json", env=real_env).splitlines()]
    assert {200, 403} <= set(statuses)
    target = ["--on", "fresh:kube-apiserver", "--assets", str(assets), "--format", "json"]
    verdict = json.loads(run("replay", str(session), *target, env=real_env))
    assert_same(verdict)
