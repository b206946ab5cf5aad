"""What a key held, as the api-server answers it; or why the recording cannot say."""

from dataclasses import dataclass

from kproxy.model.api import metadata_of
from kproxy.model.etcd import KeyChange, Revision
from kproxy.model.exchange import Body, BodyState
from kproxy.model.jsontypes import JSONObject, text
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError
from kproxy.wire.storage import decode_value

GONE = "the key was not there"
_LABELLED_BY_TEMPLATE = frozenset({"Job", "ReplicationController"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Stored:
    """A key's value: an object, or bytes that are none; `reason` says why it is neither."""

    document: JSONObject | None = None
    raw: bytes | None = None
    reason: str = ""

    @property
    def uid(self) -> str:
        """The object's, "" where it is none."""
        return text(metadata_of(self.document).get("uid"))

    @property
    def is_gone(self) -> bool:
        """Whether there was no key."""
        return self.reason == GONE


def stored(recording: Recording, body: Body | None, revision: Revision | None = None) -> Stored:
    """What a body of a key's change says. RecordingError when the recording is damaged.

    `revision`: the key's mod_revision with this value, which an api-server answers as resourceVersion.
    """
    if body is None:
        return Stored(reason=GONE)
    if body.state is BodyState.EMPTY:
        return Stored(raw=b"")
    if body.digest is None:
        return Stored(reason=f"{body.state.value}, {body.size} bytes" + (f": {body.reason}" if body.reason else ""))
    data = recording.body(body.digest)
    try:
        document = decode_value(data)
    except ContentError:
        return Stored(raw=data)
    document = read(document)
    return Stored(document=document if revision is None else answered(document, revision))


def after(recording: Recording, change: KeyChange) -> Stored:
    """What the key held after a change."""
    return stored(recording, change.value, change.revision)


def before(recording: Recording, change: KeyChange, revision: Revision | None = None) -> Stored:
    """What it held before; `revision` is that value's, where it is known."""
    return stored(recording, change.previous, revision)


def read(document: JSONObject) -> JSONObject:
    """A stored object with the defaults that the server sets when it reads one, which a write may store without.

    A Job's and a ReplicationController's labels are its template's, where it has none of its own
    (kubernetes/pkg/apis/batch/v1/defaults.go, pkg/apis/core/v1/defaults.go); a Job's are set into its template after
    the defaults of its creation, and so are in every answer, and not in etcd.
    """
    if document.get("kind") not in _LABELLED_BY_TEMPLATE or metadata_of(document).get("labels"):
        return document
    spec = document.get("spec")
    labels = metadata_of(spec.get("template")).get("labels") if isinstance(spec, dict) else None
    if not labels or not isinstance(document.get("metadata"), dict):
        return document
    return {**document, "metadata": {**metadata_of(document), "labels": labels}}


def answered(document: JSONObject, revision: Revision) -> JSONObject:
    """A stored object as a read answers it: etcd holds no resourceVersion, the server sets the key's mod_revision.

    Source: k8s.io/apiserver/pkg/storage/etcd3/store.go (decode) and storage/api_object_versioner.go.
    """
    metadata = metadata_of(document)
    if not isinstance(document.get("metadata"), dict):
        return document
    made: JSONObject = {}
    for name, value in metadata.items():
        if name == "creationTimestamp":
            made["resourceVersion"] = str(revision)
        if name != "resourceVersion":
            made[name] = value
    made.setdefault("resourceVersion", str(revision))
    return {**document, "metadata": made}
