"""Figures, findings and rights of a whole control plane's recording: its own grounds agree with each other."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.insight.check.finding import Thresholds
from kproxy.insight.check.run import check
from kproxy.insight.cost import NO_COST
from kproxy.insight.noops import NoOps
from kproxy.insight.rbac.learned import learn
from kproxy.insight.rbac.manifest import documents_of, subject_of
from kproxy.insight.rbac.session import Wish, rights
from kproxy.insight.stats import statistics
from kproxy.model.api import RequestInfo, metadata_of
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import End, Seq
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.model.recording import Recording
from kproxy.model.session import Session
from kproxy.store.reader import open_recording

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]


@pytest.fixture(scope="module")
def recording(soak: Path) -> Iterator[Recording]:
    with open_recording(str(soak / "recording.kproxy")) as opened:
        yield opened


@pytest.fixture(scope="module")
def ledger(recording: Recording) -> Ledger:
    return correlate(recording)


class WithoutEtcd:
    """A recording as it would be if etcd had not been followed."""

    def __init__(self, recording: Recording) -> None:
        self.session: Session = replace(recording.session, etcd_start=None)
        self.body = recording.body


def test_the_figures_are_those_of_the_recording_and_of_its_ledger(recording: Recording, ledger: Ledger) -> None:
    found = statistics(recording, ledger)
    exchanges = list(recording.exchanges())
    total = found.total
    assert total.exchanges == len(exchanges)
    assert total.answer_bytes == sum(each.answer.body.size for each in exchanges if each.answer)
    watches = (each for each in exchanges if each.info.verb == "watch")
    assert total.events == sum(1 for each in watches for _ in recording.frames(each.seq))
    assert total.changed == len(ledger.by_seq)
    calls = sum(1 for _ in recording.etcd_calls())
    assert total.etcd_calls + sum(own.calls for own in found.own_calls) == calls
    assert total.latency.count > 0.9 * len(exchanges)
    assert total.rewrites == 0, "everything was stored by this very server"


def test_writes_without_effect_are_the_same_by_answers_as_by_etcd(recording: Recording, ledger: Ledger) -> None:
    by_etcd: set[Seq] = set()
    by_answers: set[Seq] = set()
    real = NoOps(recording, ledger)
    blind = NoOps(WithoutEtcd(recording), Ledger(entries=()))  # type: ignore[arg-type] # all that it asks for
    for exchange in recording.exchanges():
        if real.is_no_op(exchange, NO_COST) and exchange.info.verb in {"update", "patch"}:
            by_etcd.add(exchange.seq)
        if blind.is_no_op(exchange, NO_COST):
            by_answers.add(exchange.seq)
    assert by_answers <= by_etcd, "an answer never claims it wrongly; it does not know objects that it meets first"


def test_findings_are_of_what_the_control_plane_is_known_to_do(recording: Recording) -> None:
    found = check(recording, Ledger(entries=()), Thresholds())
    assert {finding.rule for finding in found.findings} >= {"deprecated", "all-secrets"}
    (secrets,) = [finding for finding in found.findings if finding.rule == "all-secrets"]
    assert "kube-controller-manager" in secrets.client.agent


def words(value: JSON) -> list[JSON]:
    """A rule's, [] where it says none."""
    return value if isinstance(value, list) else []


def allows(document: JSONObject, asked: RequestInfo) -> bool:
    """Whether a Role or ClusterRole grants a request, read as RBAC reads it (plugin/pkg/auth/authorizer/rbac)."""
    place = metadata_of(document).get("namespace")
    if place is not None and place != asked.namespace:
        return False
    resource = f"{asked.resource}/{asked.subresource}" if asked.subresource else asked.resource
    for rule in words(document.get("rules")):
        assert isinstance(rule, dict)
        names = words(rule.get("resourceNames"))
        if asked.verb not in words(rule["verbs"]):
            continue
        if not asked.is_resource and asked.path in words(rule.get("nonResourceURLs")):
            return True
        granted = asked.group in words(rule.get("apiGroups")) and resource in words(rule.get("resources"))
        if asked.is_resource and granted and (not names or asked.name in names):
            return True
    return False


def test_all_that_the_server_allowed_a_caller_is_allowed_by_his_roles(recording: Recording) -> None:
    roles = {
        each.caller: documents_of(each.permissions, "r", subject_of("u"))
        for each in rights(recording, Wish(defaults=True))
    }
    users = learn(recording)
    denied = [
        (exchange.seq, exchange.request.target)
        for exchange in recording.exchanges()
        if exchange.answer is not None
        and exchange.answer.status not in {401, 403, 429}
        and exchange.end is not End.REFUSED
        and not any(allows(role, exchange.info) for role in roles[users.user(exchange)])
    ]
    assert denied == []


def test_each_callers_rights_are_roles_without_a_star(recording: Recording) -> None:
    found = rights(recording, Wish())
    callers = {each.caller: each for each in found}
    assert sum(each.requests for each in found) > 1000
    assert callers["kproxy-viewer"].refused > 0, "the server named him when it refused him"
    documents = [document for each in found for document in documents_of(each.permissions, "r", subject_of("u"))]
    assert documents
    assert "*" not in str(documents)
