"""Two start states beside each other: what stood in one server when it began, and what stands for it in the other."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from kproxy.model.api import ObjectRef, metadata_of
from kproxy.model.etcd import EtcdKey, key_text
from kproxy.model.jsontypes import JSON, text
from kproxy.model.recording import Recording
from kproxy.model.start import StartKey, StartObject
from kproxy.renaming.kinds import Kind, Owner
from kproxy.renaming.learn import Learner
from kproxy.renaming.renaming import Renaming
from kproxy.wire.content import ContentError, decode
from kproxy.wire.ownkeys import relative
from kproxy.wire.storage import decode_value, key_object

_MEDIA_TYPE = "application/json"


@dataclass(frozen=True, slots=True)
class Standing:
    """An object, or a key that holds none, as it stood: `data` its bytes, None where they are not known."""

    name: str
    ref: ObjectRef | None
    revision: int
    data: bytes | None
    stored: bool = True
    """Whether the bytes are etcd's, not the API's."""

    def document(self) -> JSON:
        """What it says; None where nobody can tell."""
        if self.data is None:
            return None
        try:
            return decode_value(self.data) if self.stored else decode(_MEDIA_TYPE, self.data)
        except ContentError:
            return None

    @property
    def resource(self) -> str:
        """As `Owner.resource` has it."""
        if self.ref is None:
            return ""
        return f"{self.ref.group}/{self.ref.resource}" if self.ref.group else self.ref.resource


def standing_of(key: EtcdKey, revision: int, data: bytes | None, prefix: str) -> Standing:
    """A key of etcd's."""
    ref = key_object(key, prefix)
    return Standing(str(ref) if ref is not None else relative(key, prefix) or key_text(key), ref, revision, data)


def start_of(recording: Recording) -> Iterator[Standing]:
    """A recording's start state."""
    prefix = recording.session.etcd_prefix
    for entry in recording.start_state():
        data = recording.body(entry.value.digest) if entry.value.digest is not None else None
        if isinstance(entry, StartKey):
            yield standing_of(entry.key, entry.mod_revision, data, prefix)
        else:
            yield Standing(str(entry.ref), entry.ref, entry.revision, data, stored=False)


def start_revision(recording: Recording) -> int:
    """The last revision that the start state knows; 0 where there is none."""
    session = recording.session
    if not session.has_start or session.etcd_start is not None:
        return session.etcd_start or 0 if session.has_start else 0
    return max((each.revision for each in recording.start_state() if isinstance(each, StartObject)), default=0)


def learn_start(renaming: Renaming, baseline: Iterable[Standing], replayed: Iterable[Standing]) -> None:
    """Learn from each object of the baseline that stands under the same name in the replay."""
    there = {each.name: each for each in replayed}
    learner = Learner(renaming)
    for each in baseline:
        other = there.get(each.name)
        if other is not None:
            _learn(renaming, learner, each, other)


def _learn(renaming: Renaming, learner: Learner, first: Standing, second: Standing) -> None:
    document = first.document()
    uid = text(metadata_of(document).get("uid"))
    if first.data == second.data:  # restored as it was: it is its own image
        if uid:
            renaming.learn_name(Kind.UID, uid, uid)
    else:
        image = second.document()
        if uid and (other := text(metadata_of(image).get("uid"))):
            renaming.learn_name(Kind.UID, uid, other)
        learner.learn(document, image, Owner(revision=str(first.revision), resource=first.resource))
    if first.revision and second.revision:
        renaming.revisions.learn(uid or first.name, str(first.revision), str(second.revision), resource=first.resource)
