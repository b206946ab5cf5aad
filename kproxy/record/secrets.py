"""Finds and hides secrets in an object of the API: Secret, TokenRequest, TokenReview, what carries them, and patches.

Works on JSON values, which it changes in place; how bytes become JSON values is redact.py's part.
"""

from enum import Enum, auto

from kproxy.model.api import RequestInfo
from kproxy.model.jsontypes import JSON, JSONObject, text
from kproxy.record.pseudonyms import Pseudonyms
from kproxy.record.quotations import without_quotations
from kproxy.wire.content import ContentError
from kproxy.wire.jsontext import decode_json, encode_json

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"

_CONTENTS = {"data": True, "stringData": False}  # and whether in base64
_MARKS = ('"Secret', '"data"', '"stringData"')
_OPEN = frozenset(
    {"apiVersion", "kind", "metadata", "type", "immutable"}  # Secret
    | {"items", "object", "columnDefinitions", "rows"}  # lists, watch events, tables
    | {"status", "message", "reason", "details", "code"}  # Status
    | {"gracePeriodSeconds", "preconditions", "orphanDependents", "propagationPolicy", "dryRun"}  # DeleteOptions
    | {"ignoreStoreReadErrorWithClusterBreakingPotential"}
)
"""Fields at the path of secrets that hold none. What another one holds (`stringdata`) was meant for a Secret."""


class Subject(Enum):
    """What an exchange is about, as far as secrets go."""

    SECRET = auto()
    TOKEN = auto()
    RESOURCE = auto()
    OTHER = auto()  # no resource of the API: discovery, OpenAPI, health


def subject_of(info: RequestInfo) -> Subject:
    """By the request's resource, whatever its group: an aggregated `secrets` is as secret.

    What is written to no resource (a path with a slash too many) may be a Secret all the same; what is read there is
    OpenAPI, whose megabytes speak of Secrets and hold none.
    """
    if not info.is_resource:
        return Subject.OTHER if info.verb in {"get", "head", "options"} else Subject.RESOURCE
    if info.resource == "secrets":
        return Subject.SECRET
    if info.resource in {"tokenreviews", "tokenrequests"}:
        return Subject.TOKEN
    if info.resource == "serviceaccounts" and info.subresource == "token":
        return Subject.TOKEN
    return Subject.RESOURCE


class Hider:
    """Replaces the secrets of one value; `changed` tells whether there were any.

    `seen` collects what was replaced, so that an answer that quotes its request can be cleaned too.
    """

    def __init__(self, pseudonyms: Pseudonyms, seen: dict[str, str]) -> None:
        self._pseudonyms = pseudonyms
        self._seen = seen
        self.changed = False

    def hide(self, value: JSON, subject: Subject) -> JSON:
        """The value without its secrets (the same object, changed)."""
        if subject is Subject.SECRET:
            if isinstance(value, list):
                self._json_patch(value)
            elif isinstance(value, dict):
                self._secret_like(value)
        elif subject is Subject.TOKEN and isinstance(value, dict):
            self._token(value)
            self._search(value)
        else:
            self._search(value)
        return value

    def hide_messages(self, status: JSONObject) -> None:
        """All that a Status says in words, where nobody knows what it may quote."""
        for holder in _speakers(status):
            holder["message"] = self._replace(str(holder.get("message", "")), in_base64=False)

    def _search(self, value: JSON) -> None:
        """Secrets that lie in other things: in lists, in watch events, in templates, in annotations."""
        if isinstance(value, list):
            for item in value:
                self._search(item)
        elif isinstance(value, dict):
            kind = text(value.get("kind"))  # anything may stand there
            if kind in {"Secret", "SecretList"}:
                self._found(value)
                return
            if kind in {"TokenReview", "TokenRequest"}:
                self._token(value)
            self._annotations(value.get("annotations"), secret=False)
            for item in value.values():
                self._search(item)

    def _found(self, value: JSONObject) -> None:
        """What calls itself a Secret somewhere else: one, or only a reference to one (an Event's involvedObject)."""
        if "metadata" in value or "items" in value:
            self._secret_like(value)
        else:
            self._contents(value)

    def _secret_like(self, value: JSONObject) -> None:
        """What comes and goes at the path of secrets; whatever it calls itself, it is read as (a part of) a Secret."""
        self._secret(value)
        kind = value.get("kind")
        if kind == "Status":
            self._status(value)
        elif kind == "Table":
            rows = value.get("rows")
            for row in rows if isinstance(rows, list) else []:
                self._each([row.get("object")] if isinstance(row, dict) else [])
        else:
            self._each(value.get("items"))
            self._each([value.get("object")])  # of a watch event

    def _each(self, items: JSON) -> None:
        for item in items if isinstance(items, list) else []:
            if isinstance(item, dict):
                self._secret_like(item)

    def _secret(self, value: JSONObject) -> None:
        self._contents(value)
        for name in value.keys() - _OPEN - _CONTENTS.keys():
            if not name.startswith("$"):
                value[name] = self._leaves(value[name], in_base64=False)
        metadata = value.get("metadata")
        if isinstance(metadata, dict):
            self._annotations(metadata.get("annotations"), secret=True)

    def _contents(self, value: JSONObject) -> None:
        for name, in_base64 in _CONTENTS.items():
            if name in value:
                value[name] = self._leaves(value[name], in_base64=in_base64)

    def _leaves(self, value: JSON, *, in_base64: bool) -> JSON:
        """Every value in there; what no Secret may have as one stays as invalid as it was."""
        if isinstance(value, dict):
            return {
                key: item if key.startswith("$") else self._leaves(item, in_base64=in_base64)
                for key, item in value.items()
            }
        if isinstance(value, list):
            return [self._leaves(item, in_base64=in_base64) for item in value]
        if isinstance(value, str):
            return self._replace(value, in_base64=in_base64)
        if isinstance(value, int | float) and not isinstance(value, bool):
            return [self._replace(str(value), in_base64=False)]
        return value

    def _replace(self, secret: str, *, in_base64: bool) -> str:
        made = self._pseudonyms.base64(secret) if in_base64 else self._pseudonyms.text(secret)
        if made != secret:
            self.changed = True
            self._seen[secret] = made
        return made

    def _annotations(self, annotations: JSON, *, secret: bool) -> None:
        """A last-applied annotation holds the whole object once more, as a text; other tools have theirs."""
        if not isinstance(annotations, dict):
            return
        for name, applied in annotations.items():
            if not isinstance(applied, str):
                continue
            if name == LAST_APPLIED and (secret or _MARKS[0] in applied):
                annotations[name] = self._applied(applied, secret=secret)
            elif secret and applied.lstrip()[:1] in {"{", "["} and any(mark in applied for mark in _MARKS):
                annotations[name] = self._applied(applied, secret=True)

    def _applied(self, text: str, *, secret: bool) -> str:
        try:
            value = decode_json(text.encode())
        except (ContentError, UnicodeEncodeError):
            return self._replace(text, in_base64=False)
        inner = Hider(self._pseudonyms, self._seen)
        inner.hide(value, Subject.SECRET if secret else Subject.RESOURCE)
        self.changed = self.changed or inner.changed
        if not inner.changed:
            return text
        encoded = encode_json(value).decode()
        return encoded if text.endswith("\n") else encoded.rstrip("\n")

    def _token(self, value: JSONObject) -> None:
        for part in ("spec", "status"):
            holder = value.get(part)
            if isinstance(holder, dict) and isinstance(token := holder.get("token"), str):
                holder["token"] = self._replace(token, in_base64=False)

    def _status(self, value: JSONObject) -> None:
        """An error may quote what it complains about."""
        for holder in _speakers(value):
            text = holder["message"]
            if isinstance(text, str):
                holder["message"] = without_quotations(text, self._seen, self._pseudonyms)
                self.changed = self.changed or text != holder["message"]

    def _json_patch(self, operations: list[JSON]) -> None:
        """RFC 6902 on a Secret: the value of an operation is what its path says."""
        for at, operation in enumerate(operations):
            if not isinstance(operation, dict):
                operations[at] = self._leaves(operation, in_base64=False)
            elif "value" in operation:
                path = operation.get("path")
                tokens = path.removeprefix("/").split("/") if isinstance(path, str) and path else []
                operation["value"] = self._patched(tokens, operation["value"])

    def _patched(self, path: list[str], value: JSON) -> JSON:
        """A value put at `path`: the object around it is made, cleaned, and the value taken out again."""
        whole: JSON = value
        for token in reversed(path):
            whole = {token.replace("~1", "/").replace("~0", "~"): whole}
        if not isinstance(whole, dict):
            return self._leaves(whole, in_base64=False)
        self._secret(whole)
        for token in path:
            if isinstance(whole, dict):
                whole = whole[token.replace("~1", "/").replace("~0", "~")]
        return whole


def _speakers(status: JSONObject) -> list[JSONObject]:
    """A Status and its causes, as far as they say anything."""
    details = status.get("details")
    causes = details.get("causes") if isinstance(details, dict) else None
    holders = [status, *(causes if isinstance(causes, list) else [])]
    return [holder for holder in holders if isinstance(holder, dict) and "message" in holder]
