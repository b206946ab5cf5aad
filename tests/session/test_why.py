"""The whole chain for one change."""

from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.correlate import ledger
from kproxy.correlate.ledger import correlate
from kproxy.errors import UsageError
from kproxy.model.attribution import Consequence, Ledger
from kproxy.model.etcd import EtcdCall, KeyOperation, KeyRange, Operation
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.recording import Recording
from kproxy.session.why import why_change
from kproxy.store.text import export_text
from tests.support.life import CLUSTER, KEY, Life, widget

DEMO = str(Path(__file__).parents[2] / "recordings" / "hello-demo")
POD = "/registry/pods/default/hello-demo"


def test_a_change_s_request_its_other_changes_and_what_came_next() -> None:
    why = why_change(DEMO, f"{POD}@216")
    assert (why.request, why.status) == ("DELETE /api/v1/namespaces/default/pods/hello-demo", 200)
    assert why.row.author is not None
    assert why.row.author.seq == 3
    assert [each.revision for each in why.others] == [217]
    assert why.next is not None
    assert why.next.revision == 217
    assert why_change(DEMO, "pods/default/hello-demo@216").as_json() == why.as_json()


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (POD, "names no change"),
        (f"{POD}@", "names no change"),
        (f"{POD}@x", "names no change"),
        (f"{POD}@1", "it changed at @215, @216, @217"),
        ("/registry/nothing@1", "it did not change"),
    ],
)
def test_a_change_that_is_not_there_is_said(words: str, sentence: str) -> None:
    with pytest.raises(UsageError, match=sentence):
        why_change(DEMO, words)


def test_the_calls_to_etcd_are_those_with_the_exchange_s_own_trace(tmp_path: Path) -> None:
    life = Life().write(widget(x=1))
    recording = life.recording
    recording.exchange_list[0] = replace(recording.exchange_list[0], trace_id="a" * 32, parent_id="b" * 16)
    recording.call_list = [a_call(1, "b" * 16), a_call(2, "c" * 16)]
    export_text(recording, tmp_path / "life")
    why = why_change(str(tmp_path / "life"), "widgets.example.org/default/app@11")
    assert [call.number for call in why.calls] == [1]
    assert why.as_json()["etcd_calls"] == [
        {
            "number": 1,
            "method": "KV/Txn",
            "operations": ["put /registry/example.org/widgets/default/app"],
            "succeeded": True,
            "revision": 0,
            "duration_ms": 1.0,
        }
    ]


def test_a_follow_up_leads_up_to_whose_object_it_reconciled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    life = Life().write(widget(x=1)).write(widget(x=2)).write(widget(x=3))
    export_text(life.recording, tmp_path / "life")
    monkeypatch.setattr(ledger, "correlate", chained)
    why = why_change(str(tmp_path / "life"), "widgets.example.org/default/app@13")
    assert [(step.seq, step.evidence) for step in why.upward] == [(2, "it follows 2"), (1, "it follows 1")]
    assert [each.revision for each in why.upward[0].wrote] == [12]
    first = why_change(str(tmp_path / "life"), "widgets.example.org/default/app@11")
    assert [each.revision for each in first.followed] == [12]


def chained(recording: Recording) -> Ledger:
    """Each change follows from the request before it; the first from the last: a circle ends."""
    ledger = correlate(recording)
    seqs = [entry.attribution.seq for entry in ledger.entries if entry.attribution is not None]
    linked = [
        replace(entry, consequence=Consequence(seq=Seq(seq - 1 or 3), evidence=f"it follows {seq - 1}"))
        for entry, seq in zip(ledger.entries, seqs, strict=True)
    ]
    return Ledger(entries=(replace(linked[0], consequence=None), *linked[1:]), by_seq=ledger.by_seq)


def a_call(number: int, parent: str) -> EtcdCall:
    return EtcdCall(
        number=number,
        cluster=CLUSTER,
        connection=1,
        stream=1,
        started=Nanos(0),
        ended=Nanos(1_000_000),
        method="KV/Txn",
        trace_id="a" * 32,
        parent_id=parent,
        operations=(KeyOperation(operation=Operation.PUT, keys=KeyRange(key=KEY)),),
        succeeded=True,
    )
