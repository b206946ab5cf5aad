"""A whole lab: emulated server, real etcd."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.errors import LabError
from kproxy.lab import Lab, LabSettings, read_lab, start_lab
from kproxy.lab.ports import free_ports
from kproxy.lab.users import PROBE
from tests.lab.parity import Step, Target
from tests.lab.test_kept import eventually, is_alive
from tests.support.etcd_relay import attached

pytestmark = pytest.mark.process


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    with start_lab(LabSettings(), os.environ) as lab:
        yield lab


@pytest.fixture
def target(lab: Lab) -> Target:
    return Target(Path(lab.info.folder))


def test_the_kubeconfigs_are_for_their_owner_only(lab: Lab) -> None:
    for path in (lab.kubeconfig, lab.user_kubeconfig, lab.info_file):
        assert path.stat().st_mode & 0o777 == 0o600


def test_the_system_namespaces_are_there_and_of_this_server_only(target: Target) -> None:
    answer = target.send(Step("GET", "/api/v1/namespaces"))
    assert isinstance(answer.body, dict)
    items = answer.body["items"]
    assert isinstance(items, list)
    names = [
        item["metadata"]["name"] for item in items if isinstance(item, dict) and isinstance(item["metadata"], dict)
    ]
    assert names == ["default", "kube-node-lease", "kube-public", "kube-system"]


def test_the_second_user_may_read_pods_of_default_and_nothing_else(target: Target) -> None:
    statuses = {
        path: target.send(Step("GET", path, user="viewer")).status
        for path in (
            "/api/v1/namespaces/default/pods",
            "/api/v1/namespaces/default/configmaps",
            "/api/v1/namespaces/default/secrets",
            "/api/v1/namespaces/kube-system/pods",
            "/api/v1/pods",
        )
    }
    assert list(statuses.values()) == [200, 200, 403, 403, 403]


def test_the_environment_names_what_a_command_needs(lab: Lab) -> None:
    environment = lab.environment()
    assert environment["KUBECONFIG"] == str(lab.kubeconfig)
    assert environment["ETCDCTL_ENDPOINTS"] == lab.etcd_endpoints[0]
    assert read_lab(environment["KPROXY_LAB"]) == lab.info


def test_the_lab_tells_its_versions(lab: Lab) -> None:
    assert lab.info.kind == "emulated"
    assert lab.info.server_version.startswith("v1.37")
    assert lab.info.etcd_version.count(".") == 2
    lab.check_alive()


def test_the_labs_own_requests_have_a_user_of_their_own_in_the_audit_log(lab: Lab) -> None:
    lines = [json.loads(line) for line in Path(lab.info.audit_log).read_text().splitlines()]
    first = [line for line in lines if line["userAgent"] == "kproxy-lab"]
    assert first
    assert {line["user"]["username"] for line in first} == {PROBE}


def test_everything_is_gone_when_the_user_of_a_lab_is_killed() -> None:
    script = (
        "import os, time\nfrom kproxy.lab import LabSettings, start_lab\n"
        "with start_lab(LabSettings()) as lab:\n"
        "    print(lab.info.folder, *(pid for _, pid in lab.info.pids), flush=True)\n    time.sleep(600)\n"
    )
    user = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE)
    assert user.stdout is not None
    folder, *pids = user.stdout.readline().decode().split()
    user.send_signal(signal.SIGKILL)
    user.wait()
    user.stdout.close()
    eventually(lambda: not any(is_alive(int(pid)) for pid in pids) and not Path(folder).exists())


@pytest.mark.parametrize("seconds", [0.15, 0.3, 0.45, 0.6, 0.8])
def test_nothing_stays_when_the_user_is_killed_while_the_lab_starts(tmp_path: Path, seconds: float) -> None:
    script = "from kproxy.lab import LabSettings, start_lab\nwith start_lab(LabSettings()):\n    pass\n"
    user = subprocess.Popen([sys.executable, "-c", script], env=os.environ | {"TMPDIR": str(tmp_path)})
    time.sleep(seconds)  # the moment is the point: before, during and after the servers' start
    user.kill()
    user.wait()
    # The keeper removes the folder when the servers have ended, and ends itself then.
    eventually(lambda: not any(tmp_path.iterdir()) and not processes_in(tmp_path))


def processes_in(folder: Path) -> list[str]:
    """The processes whose working directory is, or was, below a folder."""
    found = []
    for entry in Path("/proc").glob("[0-9]*/cwd"):
        with contextlib.suppress(OSError):
            found.append(str(entry.readlink()))
    return [each for each in found if each.startswith(str(folder))]


def test_a_port_that_somebody_takes_is_chosen_again(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        choices: list[list[int]] = []
        for place in range(3):  # the api-server's, the relay's, etcd's
            choices.append(free_ports(4))
            choices[-1][place] = taken.getsockname()[1]

        def choose(count: int) -> list[int]:
            return choices.pop(0) if choices else free_ports(count)

        monkeypatch.setattr("kproxy.lab.start.free_ports", choose)
        with start_lab(LabSettings()) as lab:
            assert str(taken.getsockname()[1]) not in lab.url
        assert not choices


def test_the_server_speaks_to_etcd_through_a_relay_whose_feed_the_lab_names(lab: Lab, target: Target) -> None:
    assert [name for name, _ in lab.info.pids] == ["etcd", "etcd-relay", "emulated"]
    with attached(Path(lab.info.etcd_relay)) as feed:
        assert [each.etcd for each in feed.hello.relayed] == list(lab.etcd_endpoints)
        target.send(Step("GET", "/api/v1/namespaces/default/pods/nobody"))
        (call,) = feed.calls()
        assert call.operations[0].keys.key == b"/registry/pods/default/nobody"


def test_a_socket_for_the_feed_is_found_where_the_labs_folder_has_a_long_path(tmp_path: Path) -> None:
    with start_lab(LabSettings(keep=tmp_path / ("long" * 30))) as lab:
        feed = Path(lab.info.etcd_relay)
        assert feed.is_socket()
    assert not feed.parent.exists()


def test_a_lab_without_a_relay_has_none(tmp_path: Path) -> None:
    with start_lab(LabSettings(relay=False, keep=tmp_path / "lab")) as lab:
        assert lab.info.etcd_relay == ""
        assert [name for name, _ in lab.info.pids] == ["etcd", "emulated"]
    assert lab.etcd_endpoints[0] in (tmp_path / "lab" / "emulated.json").read_text()


def test_a_server_that_ends_at_once_is_one_sentence_with_its_reason(tmp_path: Path) -> None:
    etcd = tmp_path / "etcd"
    etcd.write_text(
        '#!/bin/sh\n[ "$1" = --version ] && echo "etcd Version: 3.6.0" && exit\necho "panic: no disk"\nexit 3\n'
    )
    etcd.chmod(0o755)
    with pytest.raises(LabError, match=r"^the lab's etcd ended with exit code 3: panic: no disk$"):  # noqa: SIM117 - what is expected, and of what
        with start_lab(LabSettings(assets=tmp_path)):
            pass


def test_a_server_that_does_not_become_ready_is_one_sentence(tmp_path: Path) -> None:
    etcd = tmp_path / "etcd"
    etcd.write_text('#!/bin/sh\n[ "$1" = --version ] && echo "etcd Version: 3.6.0" && exit\nexec sleep 100\n')
    etcd.chmod(0o755)
    with pytest.raises(LabError, match=r"the lab's emulated was not ready in 1 s: GET /readyz got no answer"):  # noqa: SIM117 - what is expected, and of what
        with start_lab(LabSettings(assets=tmp_path, timeout=1)):
            pass


def test_an_audit_log_with_content_is_refused(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    log.write_text("older\n")
    with pytest.raises(LabError, match="is there already"), start_lab(LabSettings(audit_log=log)):
        pass


def test_the_audit_log_goes_where_it_is_asked_for(tmp_path: Path) -> None:
    log = tmp_path / "audit.log"
    with start_lab(LabSettings(audit_log=log)) as lab:
        assert lab.info.audit_log == str(log)
    assert log.read_text().count('"username":"kproxy-lab"') > 5


def test_another_version_than_the_one_there_is_refused() -> None:
    with pytest.raises(LabError, match=r"version 1\.30\.0 was asked for"), start_lab(LabSettings(version="1.30.0")):
        pass


def test_a_folder_to_keep_holds_the_logs_afterwards(tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    with start_lab(LabSettings(keep=folder)) as lab:
        pids = [pid for _, pid in lab.info.pids]
    assert not any(is_alive(pid) for pid in pids)
    assert (folder / "etcd.log").exists()
    assert read_lab(folder / "lab.json").kind == "emulated"


def test_spans_are_told_by_a_real_api_server() -> None:
    with pytest.raises(LabError, match="--server kube-apiserver"), start_lab(LabSettings(spans_to="127.0.0.1:4317")):
        pass


def test_feature_gates_are_for_a_real_api_server() -> None:
    with pytest.raises(LabError, match="--server kube-apiserver"), start_lab(LabSettings(feature_gates="A=true")):
        pass
