"""Who made a change: what a request says of whoever sent it."""

from dataclasses import dataclass

from kproxy.model.api import ObjectRef
from kproxy.model.exchange import Nanos, Seq
from kproxy.model.jsontypes import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Author:
    """The request behind a change.

    `manager` and `operation` (Update, Apply; "" for what manages no fields) are those that the server writes into
    managedFields for it; `target` is the object it names, None where it names none.
    """

    seq: Seq
    at: Nanos
    time: str
    verb: str
    caller: str
    user_agent: str
    manager: str = ""
    operation: str = ""
    subresource: str = ""
    target: ObjectRef | None = None

    @property
    def identity(self) -> tuple[str, str, str]:
        """As Manager.identity."""
        return self.manager, self.operation, self.subresource

    def as_json(self) -> JSONObject:
        """As every JSON output has it."""
        return {
            "seq": self.seq,
            "time": self.time,
            "verb": self.verb,
            "subresource": self.subresource,
            "caller": self.caller,
            "user_agent": self.user_agent,
            "field_manager": self.manager,
            "operation": self.operation,
        }
