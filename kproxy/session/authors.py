"""Who made a change: the request that the ledger ties it to, as the server's field manager names it."""

from kproxy.history.author import Author
from kproxy.model.api import metadata_of
from kproxy.model.attribution import LedgerEntry
from kproxy.model.etcd import Revision
from kproxy.model.exchange import Exchange, Seq, header
from kproxy.model.jsontypes import text
from kproxy.model.recording import Recording
from kproxy.session.contents import decoded_body
from kproxy.session.opened import clock_time
from kproxy.session.options import options_of

CACHED = 4096
_MAX_DIGITS = 20
"""A revision has less; int() refuses thousands."""


class Authors:
    """Looks the requests behind changes up; one of many changes is looked up once."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._known: dict[Seq, Author | None] = {}

    def of(self, entry: LedgerEntry) -> Author | None:
        """The author of a change; None where no request is known to have caused it."""
        return None if entry.attribution is None else self.by_seq(entry.attribution.seq)

    def by_seq(self, seq: Seq) -> Author | None:
        """That of one exchange; None where the recording has it not."""
        if seq not in self._known:
            if len(self._known) >= CACHED:
                self._known.clear()
            exchange = self._recording.exchange(seq)
            self._known[seq] = None if exchange is None else _author_of(self._recording, exchange)
        return self._known[seq]


def _author_of(recording: Recording, exchange: Exchange) -> Author:
    """What a request says of whoever sent it."""
    info, options = exchange.info, options_of(recording, exchange)
    manages = bool(options.field_manager)
    return Author(
        seq=exchange.seq,
        at=exchange.started,
        time=clock_time(recording, exchange.started),
        verb=info.verb or exchange.request.method.lower(),
        caller=exchange.forwarded or exchange.caller,
        user_agent=header(exchange.request.headers, "user-agent"),
        manager=options.field_manager,
        operation="" if not manages else "Apply" if options.patch_type == "apply" else "Update",
        subresource=info.subresource,
        target=info.named() if info.is_resource else None,
    )


def revision_asked(recording: Recording, entry: LedgerEntry) -> Revision | None:
    """The resourceVersion that the request behind a change named, and the server accepted: that of the value before.

    None where it named none, or may have been tried against another version.
    """
    exchange = recording.exchange(entry.attribution.seq) if entry.attribution is not None else None
    if exchange is None or exchange.info.verb != "update" or exchange.info.subresource not in {"", "status"}:
        return None
    document = decoded_body(recording, exchange.request.headers, exchange.request.body)
    revision = text(metadata_of(document).get("resourceVersion"))
    is_number = revision.isascii() and revision.isdigit() and len(revision) < _MAX_DIGITS
    known = is_number and 0 < int(revision) < entry.change.revision
    return Revision(int(revision)) if known else None
