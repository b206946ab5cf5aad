"""A whole control plane through kproxy, each as itself: the recording is what the api-server's audit log says.

The soak is made once (soak/make.py) and reused by every test that wants a long, real recording: the fixture `soak`.
"""

import json
from collections import Counter
from datetime import datetime
from pathlib import Path

import pytest

from kproxy.model.exchange import End, Exchange, IdentityMode
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.controlplane.soak.complaints import complaints, unknown
from tests.controlplane.soak.join import Joined, join, read_audit_log
from tests.controlplane.soak.make import DONE
from tests.support import watch_beside

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]

ADMIN, VIEWER = "kproxy-admin", "kproxy-viewer"


@pytest.fixture(scope="module")
def exchanges(soak: Path) -> list[Exchange]:
    with open_recording(str(soak / "recording.kproxy")) as recording:
        return list(recording.exchanges())


@pytest.fixture(scope="module")
def joined(soak: Path, exchanges: list[Exchange]) -> Joined:
    with open_recording(str(soak / "recording.kproxy")) as recording:
        began = datetime.fromisoformat(recording.session.started_at).timestamp()
    return join(exchanges, began, read_audit_log(soak / "audit.log"))


def test_the_recording_is_whole(soak: Path) -> None:
    with open_recording(str(soak / "recording.kproxy")) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        assert list(recording.gaps()) == []


def test_the_recording_has_every_change_that_etcdctl_saw(soak: Path) -> None:
    assert watch_beside.check(soak / "watch.jsonl", str(soak / "recording.kproxy")) == []


def test_the_recording_and_the_audit_log_hold_the_same_requests(joined: Joined) -> None:
    assert joined.missing == []
    assert joined.extra == []
    assert len(joined.pairs) > 1000
    assert len(joined.unanswered) < len(joined.pairs) / 100


def test_each_status_is_the_one_that_the_server_logged(joined: Joined) -> None:
    different = [
        (exchange.request.target, exchange.answer.status, audited.status)
        for exchange, audited in joined.pairs
        if exchange.answer and audited.status and exchange.answer.status != audited.status
    ]
    assert different == []


def test_everyone_went_on_as_who_they_are(soak: Path, joined: Joined) -> None:
    mode = IdentityMode(json.loads((soak / DONE).read_text())["identity"])
    users: dict[str, set[str]] = {}
    for exchange, audited in joined.pairs:
        assert exchange.identity is mode
        assert exchange.caller == ("client" if mode is IdentityMode.PASS else audited.user)
        users.setdefault(audited.agent.partition("/")[0], set()).add(audited.user)
    assert users.pop("kwok") == {"kwok"}
    assert users.pop("kube-scheduler") == {"system:kube-scheduler"}
    assert users.pop("kubectl") == {ADMIN, VIEWER}
    assert users.pop("kproxy-lab") == {"kproxy-lab"}  # what makes sure of the controllers goes their way
    managers = users.pop("kube-controller-manager")
    assert {name for name in managers if not name.startswith("system:serviceaccount:kube-system:")} == {
        "system:kube-controller-manager"
    }
    assert len(managers) > 10
    assert users == {}


@pytest.mark.compat(client="kube-controller-manager 1.37", feature="a control plane's work, without a complaint")
@pytest.mark.compat(client="kube-scheduler 1.37", feature="a control plane's work, without a complaint")
@pytest.mark.compat(client="kwok 0.8", feature="a control plane's work, without a complaint")
@pytest.mark.compat(client="kubectl 1.37", feature="a control plane's work, without a complaint")
def test_no_client_complains_of_what_it_does_not_complain_of_without_kproxy(soak: Path) -> None:
    through, without = unknown(complaints(soak)), unknown(complaints(soak / "control"))
    assert sorted(set(through) - set(without)) == []


def test_streams_ended_as_their_clients_or_the_server_ended_them(exchanges: list[Exchange]) -> None:
    ends = Counter(exchange.end for exchange in exchanges)
    assert set(ends) <= {End.COMPLETE, End.CLIENT_GONE}
    assert ends[End.CLIENT_GONE] > 50, "the controllers' watches are left when they are told to end"


def test_exec_went_through(exchanges: list[Exchange]) -> None:
    upgrades = [exchange for exchange in exchanges if exchange.upgrade]
    assert upgrades
    assert {exchange.answer.status for exchange in upgrades if exchange.answer} == {101}
