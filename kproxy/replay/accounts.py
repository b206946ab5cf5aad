"""Whether pods needed a ServiceAccount on the recorded server: then they need one where they are replayed, too.

The admission plugin ServiceAccount refuses a pod whose account is not there, so an api-server without controllers,
which make the accounts, does without. A recording in which an account named default is made, or was there from the
start, is of a server that had both (kubernetes/plugin/pkg/admission/serviceaccount, pkg/controller/serviceaccount).
"""

from kproxy.model.api import metadata_of
from kproxy.model.exchange import Exchange, header
from kproxy.model.recording import Recording
from kproxy.model.start import StartKey
from kproxy.wire.content import ContentError, decode

_NAME = "default"


def has_accounts(recording: Recording) -> bool:
    """Whether namespaces have their account named default."""
    folder = f"{recording.session.etcd_prefix}/serviceaccounts/".encode()
    for entry in recording.start_state():
        if isinstance(entry, StartKey):
            if entry.key.startswith(folder) and entry.key.endswith(b"/default"):
                return True
        elif (entry.resource, entry.name) == ("serviceaccounts", _NAME):
            return True
    return any(_makes_one(recording, exchange) for exchange in recording.exchanges(["create"]))


def nodes_of(recording: Recording) -> int:
    """How many nodes there were when the session began, as far as its start state tells; 2 where it does not."""
    prefix = f"{recording.session.etcd_prefix}/minions/".encode()
    keys = sum(isinstance(each, StartKey) and each.key.startswith(prefix) for each in recording.start_state())
    objects = sum(not isinstance(each, StartKey) and each.resource == "nodes" for each in recording.start_state())
    return keys or objects or 2


def _makes_one(recording: Recording, exchange: Exchange) -> bool:
    info, answer = exchange.info, exchange.answer
    made = (info.group, info.resource, info.subresource) == ("", "serviceaccounts", "")
    if not made or answer is None or answer.status != 201 or answer.body.digest is None:
        return False
    try:
        return (
            metadata_of(decode(header(answer.headers, "content-type"), recording.body(answer.body.digest))).get("name")
            == _NAME
        )
    except ContentError:
        return False
