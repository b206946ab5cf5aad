"""Who sends a replay on a real kube-apiserver: rights, refusals and issued tokens come out as they were recorded."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.config.actors import Actor
from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.lab.settings import LabSettings
from kproxy.lab.start import Lab, start_lab
from kproxy.model.exchange import header
from kproxy.model.verdict import Outcome, Verdict
from kproxy.renaming.pseudonyms import pseudonyms_in
from kproxy.session.acting import Acting
from kproxy.session.replay import Audience, ReplaySettings, replay_recording
from kproxy.session.server_facts import lab_etcd
from kproxy.session.target import Target
from kproxy.store.reader import open_recording
from tests.controlplane.test_identity import ADMIN, MAPS, TOKENS, VIEWER, Client, config_map, own_ca, token_of
from tests.support.record_process import record_process

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(300)]

ROBOT = "system:serviceaccount:default:robot"


@pytest.fixture(scope="module")
def recorded(assets: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What a viewer, an administrator and a service account with an issued token did, each as who it was."""
    folder = tmp_path_factory.mktemp("recorded")
    output = folder / "s.kproxy"
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab, pytest.MonkeyPatch.context() as patch:
        patch.setenv("KUBECONFIG", str(lab.kubeconfig))
        patch.setenv("XDG_STATE_HOME", str(folder / "state"))
        options = ["--identity", "impersonate", "--listen", "https://127.0.0.1:0", "--serving-ca", str(own_ca(folder))]
        with record_process(None, output, *options) as running:
            ca = (folder / "serving-ca.pem").read_text().partition("-----BEGIN PRIVATE")[0]
            ask = Client(running.url, ca, folder).ask
            admin, viewer = token_of(lab.kubeconfig), token_of(lab.user_kubeconfig)
            assert ask("POST", MAPS, token=viewer, body=config_map("mine")).status == 403
            assert ask("GET", MAPS, token=viewer).status == 200
            assert ask("POST", MAPS, token=admin, body=config_map("mine")).status == 201
            account = "/api/v1/namespaces/default/serviceaccounts"
            assert ask("POST", account, token=admin, body={"metadata": {"name": "robot"}}).status == 201
            issued = ask("POST", TOKENS, token=admin, body={"spec": {"expirationSeconds": 3600}})
            status = issued.body["status"]
            assert isinstance(status, dict)
            assert ask("GET", MAPS, token=str(status["token"])).status == 403
    return output


@dataclass
class Stage:
    """A second server, and what a replay on it says."""

    lab: Lab
    recorded: Path

    def replayed(self, output: Path, acting: Acting) -> Verdict:
        """The verdict."""
        target = Target(
            upstream=load_kubeconfig(self.lab.kubeconfig, {}).upstream(None),
            etcd=lab_etcd(self.lab.info),
            lab=self.lab.info,
        )
        settings = ReplaySettings(output=output, state_home=output.parent / "state", acting=acting)
        return asyncio.run(replay_recording(str(self.recorded), target, settings, Audience()))


@pytest.fixture
def stage(assets: Path, recorded: Path) -> Iterator[Stage]:
    with start_lab(LabSettings(server="kube-apiserver", assets=assets)) as lab:
        yield Stage(lab, recorded)


def test_callers_are_impersonated_and_an_issued_token_is_the_targets_own(stage: Stage, tmp_path: Path) -> None:
    output = tmp_path / "again.kproxy"
    verdict = stage.replayed(output, Acting(how="impersonate"))
    assert verdict.outcome in {Outcome.IDENTICAL, Outcome.EQUIVALENT}, (verdict.differences, verdict.reasons)
    with open_recording(str(output)) as recording:
        exchanges = list(recording.exchanges())
        assert [each.answer.status for each in exchanges if each.answer] == [403, 200, 201, 201, 201, 403]
        assert [header(each.request.headers, "impersonate-user") for each in exchanges[:5]] == [
            VIEWER, VIEWER, ADMIN, ADMIN, ADMIN,
        ]  # fmt: skip
        robot = exchanges[5]
        assert header(robot.request.headers, "impersonate-user") == ""
        assert robot.answer is not None
        assert robot.answer.body.digest is not None
        assert ROBOT.encode() in recording.body(robot.answer.body.digest)
        assert pseudonyms_in(header(robot.request.headers, "authorization"))
    assert b"eyJhbGciOi" not in output.read_bytes(), "no token that was issued is in the replay's recording"


def test_callers_have_the_credentials_of_the_map(stage: Stage, tmp_path: Path) -> None:
    admin = Actor(context=load_kubeconfig(stage.lab.kubeconfig, {}).current_context, kubeconfig=stage.lab.kubeconfig)
    token = tmp_path / "viewer.token"
    token.write_text(token_of(stage.lab.user_kubeconfig))
    actors = {ADMIN: admin, VIEWER: Actor(token_file=token), ROBOT: Actor(token_file=token)}
    output = tmp_path / "again.kproxy"
    verdict = stage.replayed(output, Acting(actors=actors))
    assert verdict.outcome in {Outcome.IDENTICAL, Outcome.EQUIVALENT}, (verdict.differences, verdict.reasons)
    assert token.read_bytes() not in output.read_bytes()


def test_as_one_user_refusals_do_not_come_back(stage: Stage, tmp_path: Path) -> None:
    verdict = stage.replayed(tmp_path / "again.kproxy", Acting())
    assert verdict.outcome is Outcome.DIFFERENT
    assert (verdict.differences[0].seq, verdict.differences[0].baseline) == (1, 403)
