"""Who caused what, in a whole control plane's session: every change that a client caused has its ground, with proof."""

import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.model.attribution import Basis, Ledger
from kproxy.model.etcd import key_text
from kproxy.model.recording import Recording
from kproxy.store.reader import open_recording
from kproxy.wire.storage import key_object
from tests.controlplane.soak.causes import Cause, Caused, causes, written_by_itself

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]

GROUNDED = 0.999
"""The part of the changes by clients that must have their ground."""
LISTED = 30


@pytest.fixture(scope="module")
def recording(soak: Path) -> Iterator[Recording]:
    with open_recording(str(soak / "recording.kproxy")) as found:
        yield found


@pytest.fixture(scope="module")
def ledger(recording: Recording) -> Ledger:
    return correlate(recording)


@pytest.fixture(scope="module")
def caused(recording: Recording, ledger: Ledger) -> list[Caused]:
    return list(causes(recording, iter(ledger.entries)))


def listed(some: list[Caused]) -> str:
    return "\n".join([f"{len(some)}:", *map(str, some[:LISTED])])


def test_what_clients_caused_has_its_ground(caused: list[Caused]) -> None:
    theirs = [each for each in caused if each.is_of_clients]
    groundless = [each for each in theirs if not each.has_ground]
    assert len(theirs) > 1000
    assert len(groundless) <= len(theirs) * (1 - GROUNDED), listed(groundless)
    assert [each for each in groundless if not each.entry.reason] == []


def test_nearly_all_of_it_is_traced(caused: list[Caused]) -> None:
    bases = Counter(each.entry.attribution.basis for each in caused if each.entry.attribution is not None)
    assert bases[Basis.TRACED] > 0.99 * bases.total()
    assert bases[Basis.WINDOW] == 0
    assert not [each for each in caused if each.cause is Cause.CLIENT and not each.has_ground]


def test_what_no_client_caused_is_the_api_server_s_own_by_the_audit_log_too(
    soak: Path, recording: Recording, caused: list[Caused]
) -> None:
    own = written_by_itself(soak / "audit.log")
    strangers = [
        each
        for each in caused
        if not each.is_of_clients and key_object(each.entry.change.key, recording.session.etcd_prefix) not in own
    ]
    assert strangers == [], listed(strangers)


def test_no_two_grounds_contradict_each_other(ledger: Ledger) -> None:
    found = [
        f"{entry.change.revision} {key_text(entry.change.key)}: {entry.contradictions}, against {entry.attribution}"
        for entry in ledger.entries
        if entry.contradictions
    ]
    assert found == [], "\n".join(found[:LISTED])


def test_the_relay_read_all_that_passed_it(recording: Recording) -> None:
    methods = Counter(call.method for call in recording.etcd_calls())
    assert {"KV/Txn", "KV/Range", "Watch/Watch", "Lease/LeaseGrant"} <= set(methods)
    assert not [call for call in recording.etcd_calls() if call.partial]
    assert not [gap for gap in recording.gaps() if gap.kind == "calls"]


def test_the_relay_shows_the_etcd_that_is_behind_it(soak: Path) -> None:
    told = json.loads((soak / "relay.json").read_text())
    through, directly = told["hash"]
    assert through == directly
    assert told["contents"][0] == told["contents"][1]
    assert told["keys"] > 100
