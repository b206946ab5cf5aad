"""Messages whose JSON is made by functions of their own in Go: times, quantities, raw extensions, schema unions.

Sources: k8s.io/apimachinery/pkg/{apis/meta/v1,api/resource,runtime,util/intstr} and
k8s.io/apiextensions-apiserver/pkg/apis/apiextensions/{v1,v1beta1}/marshal.go.
"""

import base64
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from kproxy.model.jsontypes import JSON
from kproxy.wire.contenterror import ContentError

META = "k8s.io.apimachinery.pkg.apis.meta.v1"
RUNTIME = "k8s.io.apimachinery.pkg.runtime"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_ZERO_SECONDS = -62_135_596_800  # Go's zero time, in seconds since 1970
_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9, "m": 60 * 10**9, "h": 3600 * 10**9}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|μs|ms|s|m|h)", re.ASCII)

type Values = dict[str, object]
"""A message's set fields: scalars as they are, messages as they are."""


@dataclass(frozen=True, slots=True)
class Form:
    """How a message of scalars becomes JSON and comes back; `read` gets its set fields, `write` gives them."""

    read: Callable[[Values], JSON]
    write: Callable[[JSON], Values]


def _read_time(values: Values) -> JSON:
    return _time_text(values, micro=False)


def _read_micro_time(values: Values) -> JSON:
    return _time_text(values, micro=True)


def _time_text(values: Values, *, micro: bool) -> JSON:
    """RFC 3339 in UTC; None for Go's zero time, which is an empty message."""
    seconds, nanos = values.get("seconds"), values.get("nanos", 0)
    if not values or seconds == _ZERO_SECONDS:
        return None
    return _utc(_integer(seconds or 0), _integer(nanos) // 1000 if micro else None)


@lru_cache(maxsize=4096)  # an object says most of its times again in each of its versions
def _utc(seconds: int, micros: int | None) -> str:
    """Since 1970; without a fraction where there are no microseconds. ContentError."""
    try:
        moment = _EPOCH + timedelta(seconds=seconds, microseconds=micros or 0)
    except OverflowError:
        raise ContentError("a time beyond the year 9999") from None
    text = f"{moment.year:04d}-{moment:%m-%dT%H:%M:%S}"
    return f"{text}Z" if micros is None else f"{text}.{moment.microsecond:06d}Z"


def _write_time(value: JSON) -> Values:
    moment = _moment(value)
    return {} if moment is None else {"seconds": (moment - _EPOCH) // timedelta(seconds=1), "nanos": 0}


def _write_micro_time(value: JSON) -> Values:
    moment = _moment(value)
    if moment is None:
        return {}
    return {"seconds": (moment - _EPOCH) // timedelta(seconds=1), "nanos": moment.microsecond * 1000}


def _moment(value: JSON) -> datetime | None:
    if value is None:
        return None
    try:
        moment = datetime.fromisoformat(value if isinstance(value, str) else "")
    except ValueError:
        raise ContentError("a time that is not RFC 3339") from None
    if moment.tzinfo is None:
        raise ContentError("a time without its zone")
    return moment


def _read_int_or_string(values: Values) -> JSON:
    return _text(values.get("strVal", "")) if values.get("type") == 1 else _integer(values.get("intVal", 0))


def _write_int_or_string(value: JSON) -> Values:
    if isinstance(value, str):
        return {"type": 1, "intVal": 0, "strVal": value}
    return {"type": 0, "intVal": _integer(0 if value is None else value), "strVal": ""}


def _read_quantity(values: Values) -> JSON:
    return _text(values.get("string", "")) or "0"


def _write_quantity(value: JSON) -> Values:
    return {"string": value if isinstance(value, str) else "0" if value is None else str(value)}


def _read_duration(values: Values) -> JSON:
    """As Go's Duration.String: `1h0m0s`, `1.5s`, `100ms`."""
    total = _integer(values.get("duration", 0))
    sign, left = ("-" if total < 0 else ""), abs(total)
    if left == 0:
        return "0s"
    for unit, size in (("ns", 1), ("µs", 10**3), ("ms", 10**6)):
        if left < size * 1000:
            return f"{sign}{_decimal(left, size)}{unit}"
    hours, left = divmod(left, _UNITS["h"])
    minutes, left = divmod(left, _UNITS["m"])
    text = f"{_decimal(left, 10**9)}s"
    if hours:
        return f"{sign}{hours}h{minutes}m{text}"
    return f"{sign}{minutes}m{text}" if minutes else f"{sign}{text}"


def _decimal(value: int, unit: int) -> str:
    whole, rest = divmod(value, unit)
    digits = str(rest).zfill(len(str(unit)) - 1).rstrip("0") if rest else ""
    return f"{whole}.{digits}" if digits else str(whole)


def _write_duration(value: JSON) -> Values:
    text = "0" if value is None else value if isinstance(value, str) else ""
    body = text[1:] if text[:1] in {"+", "-"} else text
    if body == "0":
        return {"duration": 0}
    parts = _DURATION.findall(body)
    if not parts or "".join(amount + unit for amount, unit in parts) != body or len(text) > 100:
        raise ContentError("a duration that is none of Go's")
    total = sum(_nanoseconds(amount, _UNITS[unit]) for amount, unit in parts)
    return {"duration": -total if text.startswith("-") else total}


def _nanoseconds(amount: str, unit: int) -> int:
    whole, _, fraction = amount.partition(".")
    scale: int = 10 ** len(fraction)
    return int(whole or "0") * unit + int(fraction or "0") * unit // scale


def _integer(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ContentError("a value that should be an integer")


def _text(value: object) -> str:
    if isinstance(value, str):
        return value
    raise ContentError("a value that should be text")


def number(value: float) -> JSON:
    """A float as Go writes it: whole ones without a fraction."""
    return int(value) if value.is_integer() and abs(value) < 1e21 else value


def base64_text(value: bytes) -> str:
    """Bytes as JSON has them."""
    return base64.b64encode(value).decode()


def base64_bytes(value: JSON) -> bytes:
    """Bytes out of JSON. ContentError."""
    try:
        return base64.b64decode(value if isinstance(value, str) else "", validate=True)
    except ValueError:
        raise ContentError("bytes that are not base64") from None


FORMS: dict[str, Form] = {
    f"{META}.Time": Form(_read_time, _write_time),
    f"{META}.MicroTime": Form(_read_micro_time, _write_micro_time),
    f"{META}.Duration": Form(_read_duration, _write_duration),
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString": Form(_read_int_or_string, _write_int_or_string),
    "k8s.io.apimachinery.pkg.api.resource.Quantity": Form(_read_quantity, _write_quantity),
    "k8s.io.apimachinery.pkg.api.resource.QuantityValue": Form(_read_quantity, _write_quantity),
}
"""The forms of messages that hold scalars only."""

_SCHEMAS = tuple(f"k8s.io.apiextensions_apiserver.pkg.apis.apiextensions.{version}" for version in ("v1", "v1beta1"))

RAW_JSON = frozenset({f"{META}.FieldsV1", *(f"{package}.JSON" for package in _SCHEMAS)})
"""Messages whose one bytes field is a JSON text."""

RAW_EXTENSION = f"{RUNTIME}.RawExtension"

SCHEMA_UNIONS = {
    f"{package}.{name}": other
    for package in _SCHEMAS
    for name, other in (
        ("JSONSchemaPropsOrBool", "allows"),
        ("JSONSchemaPropsOrArray", "jSONSchemas"),
        ("JSONSchemaPropsOrStringArray", "property"),
    )
}
"""Messages that are a schema (field `schema`) or what the field of this name says."""
