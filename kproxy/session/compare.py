"""Compare two recordings."""

from kproxy.diff.compare import compare
from kproxy.diff.progress import Notify
from kproxy.diff.rules import RuleBook
from kproxy.model.verdict import Verdict
from kproxy.renaming.renaming import Renaming
from kproxy.session.opened import opened


def compare_recordings(  # noqa: PLR0913 - as for compare
    baseline: str,
    replayed: str,
    *,
    strict: bool = False,
    rules: RuleBook | None = None,
    renaming: Renaming | None = None,
    notify: Notify = lambda _done, _total: None,
) -> Verdict:
    """The verdict over two recordings, exchanges paired by alignment; the rest as for `compare`."""
    with opened(baseline) as left, opened(replayed) as right:
        return compare(
            left.recording,
            left.ledger,
            right.recording,
            right.ledger,
            strict=strict,
            rules=rules,
            renaming=renaming,
            notify=notify,
        )
