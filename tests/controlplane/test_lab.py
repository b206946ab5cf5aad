"""The lab with the real kube-apiserver."""

import json
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.errors import LabError
from kproxy.lab import Lab, LabSettings, start_lab
from kproxy.lab.ports import free_ports
from tests.lab.parity import Step, Target
from tests.lab.test_kept import eventually, is_alive
from tests.lab.walkthrough import PODS, WALKTHROUGH

pytestmark = pytest.mark.controlplane


@pytest.fixture(scope="module")
def lab(assets: Path) -> Iterator[Lab]:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        yield lab


@pytest.fixture
def target(lab: Lab) -> Target:
    return Target(Path(lab.info.folder))


def test_the_walkthrough_is_answered(target: Target) -> None:
    assert [target.send(step).status for step in WALKTHROUGH] == [201, 200, 409, 200, 404, 404]


def test_the_second_user_has_its_small_rights(target: Target) -> None:
    paths = (PODS, PODS.replace("pods", "configmaps"), PODS.replace("pods", "secrets"), "/api/v1/pods")
    assert [target.send(Step("GET", path, user="viewer")).status for path in paths] == [200, 200, 403, 403]
    assert target.send(Step("POST", PODS, "{}", user="viewer")).status == 403


def test_the_audit_log_has_requests_by_their_id_and_tells_the_labs_own_apart(lab: Lab, target: Target) -> None:
    target.send(Step("GET", PODS, headers={"Audit-ID": "11111111-2222-3333-4444-555555555555"}))
    log = Path(lab.info.audit_log)

    def found() -> list[str]:
        events = [json.loads(line) for line in log.read_text().splitlines()]
        return [event["user"]["username"] for event in events if event["auditID"].startswith("11111111")]

    eventually(lambda: "kproxy-admin" in found())
    own = [json.loads(line) for line in log.read_text().splitlines() if '"kproxy-lab"' in line]
    assert {event["user"]["username"] for event in own if event["userAgent"] == "kproxy-lab"} == {"kproxy-lab"}


def test_it_tells_its_versions_and_programs(lab: Lab, assets: Path) -> None:
    assert lab.info.kind == "kube-apiserver"
    assert lab.info.server_version == "v1.37.2"
    assert lab.info.etcd_version == "3.6.16"
    assert lab.info.assets == str(assets)
    assert [name for name, _ in lab.info.pids] == ["etcd", "etcd-relay", "kube-apiserver"]


def test_no_address_of_this_machine_is_in_its_etcd(target: Target) -> None:
    body = target.send(Step("GET", "/api/v1/namespaces/default/endpoints/kubernetes")).body
    assert isinstance(body, dict)
    assert '"192.0.2.1"' in json.dumps(body)


def test_two_servers_are_two_clusters(lab: Lab, assets: Path) -> None:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as other:
        uids = []
        for one in (lab, other):
            body = Target(Path(one.info.folder)).send(Step("GET", "/api/v1/namespaces/kube-system")).body
            assert isinstance(body, dict)
            assert isinstance(body["metadata"], dict)
            uids.append(body["metadata"]["uid"])
    assert uids[0] != uids[1]


def test_everything_is_gone_when_its_user_is_killed(assets: Path) -> None:
    script = (
        "import sys, time\nfrom pathlib import Path\nfrom kproxy.lab import LabSettings, start_lab\n"
        "with start_lab(LabSettings(server='kube-apiserver', assets=Path(sys.argv[1]))) as lab:\n"
        "    print(lab.info.folder, *(pid for _, pid in lab.info.pids), flush=True)\n    time.sleep(600)\n"
    )
    user = subprocess.Popen([sys.executable, "-c", script, str(assets)], stdout=subprocess.PIPE)
    assert user.stdout is not None
    folder, *pids = user.stdout.readline().decode().split()
    user.send_signal(signal.SIGKILL)
    user.wait()
    user.stdout.close()
    eventually(lambda: not any(is_alive(int(pid)) for pid in pids) and not Path(folder).exists())


def test_a_port_that_somebody_takes_is_chosen_again(assets: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port = taken.getsockname()[1]
        choices = [free_ports(4) for _ in range(2)]
        choices[0][2] = choices[1][0] = port  # etcd's, the api-server's
        monkeypatch.setattr(
            "kproxy.lab.start.free_ports", lambda count: choices.pop(0) if choices else free_ports(count)
        )
        with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
            assert str(port) not in lab.url
        assert not choices


def test_another_version_than_the_one_in_the_assets_is_refused(assets: Path) -> None:
    settings = LabSettings(server="kube-apiserver", assets=assets, version="v1.36.0")
    with (
        pytest.raises(LabError, match=r"kube-apiserver 1\.36\.0 was asked for, but .* is 1\.37\.2"),
        start_lab(settings),
    ):
        pass


def test_an_old_etcd_serves_only_where_it_is_allowed(assets: Path, tmp_path: Path) -> None:
    (tmp_path / "kube-apiserver").symlink_to(assets / "kube-apiserver")
    settings = LabSettings(server="kube-apiserver", assets=tmp_path)
    with pytest.raises(LabError, match=r"etcd 3\.5\.1 at .* is too old"), start_lab(settings, {}):
        pass
    with start_lab(LabSettings(server="kube-apiserver", assets=tmp_path, allow_old_etcd=True), {}) as lab:
        assert lab.info.etcd_version == "3.5.1"
