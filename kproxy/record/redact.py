"""Redaction before storage: bytes in, bytes without secrets out, and the same bytes where there was nothing to hide.

But YAML for a Secret is always written anew: comments are not read, and may hold anything.
What cannot be decoded and may hold a secret is Opaque: it is kept as a length and a reason only.
"""

import json
import re
from dataclasses import dataclass, field

from kproxy.model.api import RequestInfo
from kproxy.model.etcd import EtcdKey
from kproxy.model.exchange import Headers
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.record.heads import HeadRedactor
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.secrets import Hider, Subject, subject_of
from kproxy.wire.content import ContentError, decode, edit, encode
from kproxy.wire.mediatype import CBOR_MAGIC, MediaType, parse_media_type
from kproxy.wire.protoenvelope import MAGIC as PROTOBUF_MAGIC
from kproxy.wire.storage import edit_value, key_object

_JSON_MARKS = (b'Secret"', b'SecretList"', b'Secret\\"', b'TokenReview"', b'TokenRequest"')
_MARKS = (b"Secret", b"TokenReview", b"TokenRequest")
_LETTER = re.compile(rb"\\u00[4-7]")
"""A letter that is written as an escape: no server does that, but anybody may."""
_STEMS = (b"Secret", b"TokenRe")  # one of them is in every mark: a large list is searched twice, not five times


@dataclass(frozen=True, slots=True)
class Opaque:
    """Bytes that are not kept, and why."""

    reason: str


type Redacted = bytes | Opaque


@dataclass(slots=True)
class Secrecy:
    """What redaction knows of one exchange: what it is about, and the secrets met in it so far."""

    subject: Subject
    seen: dict[str, str] = field(default_factory=dict)
    unread: bool = False  # a request body that could not be decoded: errors may quote it


class Redactor:
    """Everything that leaves it is fit to be stored. There is no way around it."""

    def __init__(self, pseudonyms: Pseudonyms, literals: Literals) -> None:
        self._pseudonyms = pseudonyms
        self._literals = literals
        self._heads = HeadRedactor(pseudonyms, literals)

    def secrecy(self, info: RequestInfo) -> Secrecy:
        """For an exchange."""
        return Secrecy(subject_of(info))

    def text(self, text: str) -> str:
        """Any text: known literals are replaced."""
        return self._literals.replace_text(text)

    def target(self, target: str) -> str:
        """A request target: parameters that carry credentials, and known literals."""
        return self._heads.target(target)

    def headers(self, headers: Headers, raw: bytes) -> Headers:
        """Header fields, read from `raw`: credentials and cookies, and known literals."""
        return self._heads.headers(headers, raw)

    def content(
        self, secrecy: Secrecy, media_type: str, data: bytes, *, whole: bool = True, event: bool = False
    ) -> Redacted:
        """A body, or one event of a watch, without transfer and content coding. `whole`: it was not cut off."""
        if not data:
            return data
        if event and parse_media_type(media_type).is_protobuf:
            media_type = "application/vnd.kubernetes.protobuf;stream=watch"
        redacted = self._content(secrecy, media_type, data, whole=whole)
        return redacted if isinstance(redacted, Opaque) else self._without_literals(media_type, redacted)

    def etcd_value(self, key: EtcdKey, data: bytes, prefix: str) -> Redacted:
        """A value of etcd's; `prefix`: where the api-server keeps its keys."""
        if not data:
            return data
        if data.startswith(b"k8s:enc:"):
            return Opaque("encrypted at rest")
        # Every change of every key comes here: what is nearly always false is asked in the cheapest way.
        secret = (
            b"/secrets/" in bytes(key) and (ref := key_object(key, prefix)) is not None and ref.resource == "secrets"
        )
        marked = b"Secret" in data or b"TokenRe" in data or data.startswith(CBOR_MAGIC)
        if not secret and not marked and not self._literals.found(data):
            return data
        hider = Hider(self._pseudonyms, {})

        def change(value: JSONObject) -> JSONObject:
            hider.hide(value, Subject.SECRET if secret else Subject.RESOURCE)
            return self._object(value)

        binary = data.startswith((PROTOBUF_MAGIC, CBOR_MAGIC))
        try:
            data = edit_value(data, change)
        except ContentError as error:
            if secret or binary:
                return Opaque(f"may hold a secret: {error}")
        if binary and self._literals.found(data):
            return Opaque("holds a secret that cannot be cut out")
        return data if binary else self._literals.replace(data)

    def _content(self, secrecy: Secrecy, media_type: str, data: bytes, *, whole: bool) -> Redacted:
        subject = secrecy.subject
        if subject is Subject.OTHER:
            return data
        parsed = parse_media_type(media_type)
        careful = subject in {Subject.SECRET, Subject.TOKEN}
        if not careful and not _marked(parsed, data):
            return data
        if not whole:
            secrecy.unread = True
            return Opaque("cut off, and it may hold a secret") if careful or parsed.is_structured else data
        if not parsed.is_structured:
            if not careful:
                return data
            parsed = MediaType("application/json")  # what the server takes it for where nothing is said
            media_type = parsed.name
        try:
            return self._edited(secrecy, media_type, data)
        except ContentError as error:
            secrecy.unread = True
            return Opaque(f"may hold a secret: {error}")

    def _edited(self, secrecy: Secrecy, media_type: str, data: bytes) -> bytes:
        hider = Hider(self._pseudonyms, secrecy.seen)
        parsed = parse_media_type(media_type)
        if data.lstrip()[:1] == b"[" and not parsed.is_cbor:  # a JSON patch
            value = hider.hide(decode(media_type, data), secrecy.subject)
            return encode(media_type, value) if hider.changed else data

        def change(value: JSONObject) -> JSONObject:
            hider.hide(value, secrecy.subject)
            if secrecy.unread and value.get("kind") == "Status":
                hider.hide_messages(value)
            return value

        if parsed.is_json and secrecy.subject is Subject.SECRET:
            _check_twice(data)
        edited = edit(media_type, data, change)
        if edited == data and secrecy.subject is Subject.SECRET and parsed.is_yaml:  # its comments are not read
            written = encode(media_type, decode(media_type, data))
            return written if data.endswith(b"\n") else written.rstrip(b"\n")
        return edited

    def _without_literals(self, media_type: str, data: bytes) -> Redacted:
        if not self._literals.found(data):
            return data
        parsed = parse_media_type(media_type)
        if not parsed.is_protobuf and not parsed.is_cbor:
            return self._literals.replace(data)
        try:
            data = edit(media_type, data, self._object)
        except ContentError as error:
            return Opaque(f"holds a secret: {error}")
        return Opaque("holds a secret that cannot be cut out") if self._literals.found(data) else data

    def _object(self, value: JSONObject) -> JSONObject:
        return {self._literals.replace_text(key): self._strings(item) for key, item in value.items()}

    def _strings(self, value: JSON) -> JSON:
        """The value with known literals replaced in its strings and keys."""
        if isinstance(value, str):
            return self._literals.replace_text(value)
        if isinstance(value, list):
            return [self._strings(item) for item in value]
        if isinstance(value, dict):
            return self._object(value)
        return value


def _marked(media_type: MediaType, data: bytes) -> bool:
    """Whether something in there may be a Secret: cheap, and never wrong the other way round."""
    if media_type.is_json:
        found = any(stem in data for stem in _STEMS) and any(mark in data for mark in _JSON_MARKS)
        return found or (b"\\u00" in data and _LETTER.search(data) is not None)
    if media_type.is_cbor:  # its texts may come in pieces and in codings: no mark is sure to be seen
        return True
    if media_type.is_yaml and b"\\" in data:  # its escapes are many
        return True
    return (media_type.is_yaml or media_type.is_protobuf) and any(mark in data for mark in _MARKS)


def _check_twice(data: bytes) -> None:
    """ContentError if an object has a key twice: the first value is not read, and without it this were another body."""

    def check(pairs: list[tuple[str, JSON]]) -> None:
        if len({key for key, _ in pairs}) != len(pairs):
            raise ContentError("an object has a key twice")

    try:
        json.loads(data, object_pairs_hook=check)
    except (ValueError, RecursionError):
        return  # who decodes it says why
