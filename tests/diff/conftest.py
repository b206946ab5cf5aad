"""The pair of real recordings that the tests of comparing share."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.diff.compare import compare
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import Body, Seq
from kproxy.model.verdict import Verdict
from kproxy.store.reader import open_recording
from tests.support.memory import MemoryRecording

PAIR = Path(__file__).parent / "pair"


@dataclass(frozen=True)
class RealPair:
    """A recorded session, and its replay on another server."""

    recorded: MemoryRecording
    replayed: MemoryRecording
    ledger: Ledger

    def verdict(self, replayed: MemoryRecording) -> Verdict:
        """Compare with the replay, or with an edit of it."""
        pairs = [(Seq(each.seq), Seq(each.seq)) for each in self.recorded.exchange_list]
        return compare(self.recorded, self.ledger, replayed, correlate(replayed), pairs)


def in_memory(where: Path) -> MemoryRecording:
    """A stored recording, to be edited."""
    with open_recording(str(where)) as stored:
        made = MemoryRecording(
            session=stored.session,
            exchange_list=list(stored.exchanges()),
            change_list=list(stored.key_changes()),
            gap_list=list(stored.gaps()),
        )
        made.frame_list = [frame for each in made.exchange_list for frame in stored.frames(each.seq)]
        for body in _bodies(made):
            if body.digest is not None:
                made.body_bytes[body.digest] = stored.body(body.digest)
    return made


def _bodies(recording: MemoryRecording) -> list[Body]:
    found: list[Body | None] = [frame.body for frame in recording.frame_list]
    for exchange in recording.exchange_list:
        found += [exchange.request.body, exchange.answer.body if exchange.answer else None]
    for change in recording.change_list:
        found += [change.value, change.previous]
    return [body for body in found if body is not None]


@pytest.fixture(scope="session")
def real_pair() -> RealPair:
    """hello-kubectl on kube-apiserver 1.37.2, and its replay on a second one."""
    recorded = in_memory(PAIR / "recorded")
    return RealPair(recorded, in_memory(PAIR / "replayed"), correlate(recorded))
