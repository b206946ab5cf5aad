"""Writes that succeeded and wrote nothing, by the best ground that a recording has."""

from collections import OrderedDict

from kproxy.insight.contents import object_in
from kproxy.insight.cost import Cost
from kproxy.model.api import metadata_of
from kproxy.model.attribution import Ledger
from kproxy.model.exchange import Exchange, Nanos
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.recording import Recording
from kproxy.wire.requestinfo import first_values

_MAY_BE = frozenset({"update", "patch"})
_TELL = frozenset({"create", "get", "update", "patch"})
_REMEMBERED = 20_000
"""Objects whose last resourceVersion is remembered."""

type _ObjectName = tuple[str, str, str, str]


class NoOps:
    """Asked for each exchange, in their order.

    The ledger says it where etcd was recorded; the calls to etcd say it of an update or patch that put nothing. With
    neither, answers do: of an update or patch that is answered with the resourceVersion which the object had before it
    was sent.
    """

    def __init__(self, recording: Recording, ledger: Ledger) -> None:
        self._recording = recording
        self._ledger = ledger
        self._known = frozenset(write.seq for write in ledger.no_op_writes)
        self.by_answers = recording.session.etcd_start is None and not ledger.entries
        self._versions: OrderedDict[_ObjectName, tuple[str, Nanos]] = OrderedDict()

    def is_no_op(self, exchange: Exchange, cost: Cost) -> bool:
        """Whether it was a write that wrote nothing."""
        if exchange.seq in self._known:
            return True
        unchanged = self._by_answer(exchange) if self.by_answers else False
        if exchange.info.verb not in _MAY_BE or not _succeeded(exchange) or exchange.seq in self._ledger.by_seq:
            return False
        if "dryRun" in first_values(exchange.request.target.partition("?")[2]):
            return False
        return not cost.wrote if cost.calls else unchanged

    def _by_answer(self, exchange: Exchange) -> bool:
        """Whether an answer has the revision that its request, or an answer before, said of the object."""
        info, answer = exchange.info, exchange.answer
        if info.verb not in _TELL or info.subresource == "scale" or answer is None or not _succeeded(exchange):
            return False
        metadata = metadata_of(object_in(self._recording, answer.headers, answer.body))
        version = text(metadata.get("resourceVersion"))
        place = (info.group, info.resource, info.namespace, text(metadata.get("name")))
        known, since = self._versions.get(place, ("", Nanos(0)))
        before = self._asked(exchange) or (known if since <= exchange.started else "")
        if version:
            self._versions[place] = (version, exchange.answered or exchange.started)
            self._versions.move_to_end(place)
            if len(self._versions) > _REMEMBERED:
                self._versions.popitem(last=False)
        ends = bool(metadata.get("deletionTimestamp"))  # who takes the last finalizer deletes, and is told the old one
        return bool(version) and version == before and not ends

    def _asked(self, exchange: Exchange) -> str:
        if exchange.info.verb != "update":
            return ""
        document: JSONObject = object_in(self._recording, exchange.request.headers, exchange.request.body)
        return text(metadata_of(document).get("resourceVersion"))


def _succeeded(exchange: Exchange) -> bool:
    return exchange.answer is not None and 200 <= exchange.answer.status < 300
