"""What a request asks beside its object, and what its answer warns of: read from the recording, stored nowhere else.

Delete options stand in the body, or, where there is none, in the query, as the api-server reads them
(k8s.io/apiserver/pkg/endpoints/handlers/delete.go).
"""

from dataclasses import dataclass

from kproxy.model.exchange import Body, BodyState, Exchange, Headers, header
from kproxy.model.jsontypes import JSON, JSONObject, mapping
from kproxy.model.recording import Recording
from kproxy.wire.content import ContentError, decode
from kproxy.wire.mediatype import parse_media_type
from kproxy.wire.requestinfo import first_values
from kproxy.wire.warnings import warning_texts

_PATCHES = {
    "application/json-patch": "json",
    "application/merge-patch": "merge",
    "application/strategic-merge-patch": "strategic-merge",
    "application/apply-patch": "apply",
}
_WRITES = frozenset({"create", "update", "patch"})
_DELETES = frozenset({"delete", "deletecollection"})
_MAX_MANAGER = 128
_NO_OPTIONS = frozenset({"kind", "apiVersion"})
_IN_QUERY = (
    "gracePeriodSeconds",
    "propagationPolicy",
    "orphanDependents",
    "ignoreStoreReadErrorWithClusterBreakingPotential",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """As `log --json` has them; empty where nothing was asked.

    `field_manager` of a write is the server's: the one that was asked for, else what stands before the user agent's
    first slash (k8s.io/apiserver/pkg/endpoints/handlers/create.go, managerOrUserAgent). `delete_options` is None for
    all but deletes.
    """

    dry_run: bool = False
    patch_type: str = ""
    field_manager: str = ""
    field_validation: str = ""
    delete_options: JSONObject | None = None
    warnings: tuple[str, ...] = ()

    def as_json(self) -> JSONObject:
        """Its keys."""
        return {
            "dry_run": self.dry_run,
            "patch_type": self.patch_type,
            "field_manager": self.field_manager,
            "field_validation": self.field_validation,
            "delete_options": self.delete_options,
            "warnings": list(self.warnings),
        }


def options_of(recording: Recording, exchange: Exchange) -> Options:
    """One exchange's."""
    verb, request = exchange.info.verb, exchange.request
    asked = first_values(request.target.partition("?")[2])
    deletes = _delete_options(recording, exchange, asked) if verb in _DELETES else None
    dry_run = deletes.get("dryRun") if deletes is not None else asked.get("dryRun")
    return Options(
        dry_run=bool(dry_run) and verb in _WRITES | _DELETES,
        patch_type=_patch_type(request.headers) if verb == "patch" else "",
        field_manager=_field_manager(asked, request.headers) if verb in _WRITES else "",
        field_validation=asked.get("fieldValidation", "") if verb in _WRITES else "",
        delete_options=deletes,
        warnings=warning_texts(exchange.answer.headers) if exchange.answer is not None else (),
    )


def _patch_type(headers: Headers) -> str:
    name = parse_media_type(header(headers, "content-type")).name
    return _PATCHES.get(name.rpartition("+")[0], "")


def _field_manager(asked: dict[str, str], headers: Headers) -> str:
    own = header(headers, "user-agent").partition("/")[0]
    return asked.get("fieldManager") or "".join(char for char in own if char.isprintable())[:_MAX_MANAGER]


def _delete_options(recording: Recording, exchange: Exchange, asked: dict[str, str]) -> JSONObject:
    request = exchange.request
    if request.body.state is not BodyState.EMPTY:
        found = _body(recording, request.headers, request.body)
        return {name: value for name, value in found.items() if name not in _NO_OPTIONS}
    options: JSONObject = {name: _number(asked[name]) for name in _IN_QUERY if name in asked}
    return {**options, "dryRun": [asked["dryRun"]]} if "dryRun" in asked else options


def _number(text: str) -> JSON:
    if text in {"true", "false"}:
        return text == "true"
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 19 else text


def _body(recording: Recording, headers: Headers, body: Body) -> JSONObject:
    """A request's object; {} where there is none, or none that can be read."""
    if body.digest is None:
        return {}
    media_type = header(headers, "content-type") or "application/json"
    try:
        value = decode(media_type, recording.body(body.digest))
    except ContentError:
        return {}
    return mapping(value)
