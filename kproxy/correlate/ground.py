"""What the grounds work with that read answers and objects."""

from kproxy.correlate.changes import Changes
from kproxy.correlate.claims import Claims
from kproxy.correlate.values import Values
from kproxy.model.recording import Recording


class Ground:
    """A recording, its changes, what they and the requests say, and the claims that are laid to them."""

    def __init__(self, recording: Recording, changes: Changes, values: Values, claims: Claims) -> None:
        self._recording = recording
        self._changes = changes
        self._values = values
        self._claims = claims
        self._prefix = recording.session.etcd_prefix
