"""One request to a resource, and the answer to it, apart from HTTP."""

from dataclasses import dataclass, field

from kproxy.lab.emulated.resources import Resource
from kproxy.lab.emulated.status import StatusError, bad_request
from kproxy.lab.emulated.store import Stored
from kproxy.model.jsontypes import JSONObject


@dataclass(frozen=True, slots=True, kw_only=True)
class Call:
    """What a client asks; `query` holds each parameter's first value, `manager` is its field manager."""

    resource: Resource
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    query: dict[str, str] = field(default_factory=dict)
    manager: str = "unknown"

    @property
    def key(self) -> str:
        """The object's key in etcd."""
        return self.resource.key(self.namespace, self.name)

    @property
    def field_validation(self) -> str:
        """Ignore, Warn or Strict; "" is Warn."""
        return self.query.get("fieldValidation", "")

    def dry_run(self, kind: str) -> bool:
        """Whether nothing is to be written; `kind`: the options' kind, for the error. StatusError."""
        value = self.query.get("dryRun", "")
        if value not in {"", "All"}:
            raise options_error(kind, "dryRun", f'Unsupported value: ["{value}"]: supported values: "All"')
        return value == "All"

    def number(self, name: str) -> int | None:
        """An integer parameter, None if it is not there. StatusError."""
        value = self.query.get(name, "")
        if not value:
            return None
        try:
            return int(value)
        except ValueError:
            raise bad_request(f'strconv.ParseInt: parsing "{value}": invalid syntax') from None


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a client is answered: the object, and warnings for it."""

    value: JSONObject
    status: int = 200
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A stored object, decoded."""

    stored: Stored
    value: JSONObject


def options_error(kind: str, name: str, message: str) -> StatusError:
    """A wrong option: the server says of which options object."""
    reason = "FieldValueForbidden" if message.startswith("Forbidden") else "FieldValueNotSupported"
    return StatusError(
        422,
        "Invalid",
        f'{kind}.meta.k8s.io "" is invalid: {name}: {message}',
        {
            "group": "meta.k8s.io",
            "kind": kind,
            "causes": [{"reason": reason, "message": message, "field": name}],
        },
    )


def is_true(value: str) -> bool:
    """A boolean parameter as the server reads it: there, and not false or 0."""
    return value.lower() not in {"", "false", "0"}
