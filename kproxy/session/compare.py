"""Compare two recordings."""

from kproxy.diff.compare import compare
from kproxy.diff.rules import RuleBook
from kproxy.model.verdict import Verdict
from kproxy.session.opened import opened


def compare_recordings(baseline: str, replayed: str, *, strict: bool = False, rules: RuleBook | None = None) -> Verdict:
    """The verdict over two recordings, exchanges paired by alignment."""
    with opened(baseline) as left, opened(replayed) as right:
        return compare(left.recording, left.ledger, right.recording, right.ledger, strict=strict, rules=rules)
