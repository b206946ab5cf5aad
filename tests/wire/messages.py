"""Random Kubernetes messages, made from the interface tables as Go's marshalling would write them."""

import json
import random

from google.protobuf.message import Message

from kproxy.wire.descriptors import FieldSpec, _index, message_class, message_fields, table_of
from kproxy.wire.protoforms import META, RAW_EXTENSION, RAW_JSON, RUNTIME, SCHEMA_UNIONS

QUANTITIES = ("0", "100m", "1500m", "1Gi", "-3", "1e3", "0.5")


def api_versions() -> dict[str, str]:
    """Every apiVersion that has tables, with its protobuf package."""
    return _index()["packages"]


def message_names(package: str) -> tuple[str, ...]:
    """The full names of a package's messages."""
    return tuple(f"{package}.{name}" for name in table_of(package).get("messages", {}))


def kinds() -> list[tuple[str, str, str]]:
    """Every (apiVersion, kind, message) whose message stands for an object: it has metadata."""
    return [
        (api_version, name.rpartition(".")[2], name)
        for api_version, package in sorted(api_versions().items())
        for name in message_names(package)
        if any(spec.name == "metadata" and spec.type.startswith(f"{META}.") for spec in message_fields(name))
    ]


def wrapped(api_version: str, kind: str, message: Message) -> bytes:
    r"""`k8s\0` and a runtime.Unknown, as Go writes it."""
    raw = message.SerializeToString(deterministic=True)
    unknown = message_class(f"{RUNTIME}.Unknown")(
        typeMeta={"apiVersion": api_version, "kind": kind}, raw=raw, contentEncoding="", contentType=""
    )
    return b"k8s\0" + unknown.SerializeToString(deterministic=True)


class Maker:
    """Fills messages from a seed."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._left = 300  # messages
        self._zero_time = True

    def message(self, name: str, depth: int = 0) -> Message:
        """A message of this name."""
        message = message_class(name)()
        self._left -= 1
        if not self._special(name, message, depth):
            for spec in message_fields(name):
                self._field(message, spec, depth)
        return message

    def _special(self, name: str, message: Message, depth: int) -> bool:
        """Fills messages with a form of their own."""
        short = name.rpartition(".")[2]
        if short in {"Time", "MicroTime"} and name.startswith(META):
            if not self._zero_time or self._random.random() < 0.8:
                self._set(message, "seconds", self._random.randint(-62_135_596_799, 253_402_300_799))
                self._set(message, "nanos", 0 if short == "Time" else self._random.randrange(10**6) * 1000)
        elif short in {"Quantity", "QuantityValue"}:
            self._set(message, "string", self._random.choice(QUANTITIES))
        elif short == "IntOrString" and "intstr" in name:
            text = self._random.random() < 0.5
            self._set(message, "type", int(text))
            self._set(message, "intVal", 0 if text else self._random.randint(-(2**31), 2**31 - 1))
            self._set(message, "strVal", self._text() if text else "")
        elif name in RAW_JSON or name == RAW_EXTENSION:
            raw: object = self._random.choice(({"a": [1, 2.5, None, True, "ü"]}, {}, {"f:x": {".": {}}}))
            self._set(
                message,
                message_fields(name)[0].name,
                json.dumps(raw, ensure_ascii=False, separators=(",", ":")).encode(),
            )
        elif name in SCHEMA_UNIONS:
            self._schema_union(name, message, depth)
        else:
            return False
        return True

    def _schema_union(self, name: str, message: Message, depth: int) -> None:
        other = SCHEMA_UNIONS[name]
        schema = f"{name.rpartition('.')[0]}.JSONSchemaProps"
        if other == "allows":
            self._set(message, "allows", True)
        if self._random.random() < 0.5 or self._deep(depth):
            target: Message = getattr(message, "schema")  # noqa: B009 - the same
            target.CopyFrom(self.message(schema, depth + 3))
        elif other == "property":
            getattr(message, other).extend(["a", "b"])
        elif other == "jSONSchemas":
            getattr(message, other).append(self.message(schema, depth + 3))

    def _deep(self, depth: int) -> bool:
        return depth > 8 or self._left < 0

    def _set(self, message: Message, field: str, value: object) -> None:
        setattr(message, field, value)

    def _field(self, message: Message, spec: FieldSpec, depth: int) -> None:
        many = 0 if self._deep(depth) else self._random.choice((0, 0, 1, 2))
        target = getattr(message, spec.name)
        if spec.map_key:
            for _ in range(many):
                if spec.is_message:
                    target[self._text()].CopyFrom(self.message(spec.type, depth + 1))
                else:
                    target[self._text()] = self._scalar(spec.type)
        elif spec.repeated:
            for _ in range(many):
                item = self.message(spec.type, depth + 1) if spec.is_message else self._scalar(spec.type)
                target.append(item)
        elif spec.pointer and not many:
            return
        elif spec.is_message:
            self._zero_time = not spec.pointer  # a pointer to a zero time is null in JSON, as none is
            target.CopyFrom(self.message(spec.type, depth + 1))
            target.SetInParent()
        elif spec.type != "bytes" or many:
            self._set(message, spec.name, self._scalar(spec.type))

    def _scalar(self, kind: str) -> object:
        match kind:
            case "string":
                return self._text()
            case "bool":
                return self._random.random() < 0.5
            case "bytes":
                return self._random.randbytes(self._random.randint(1, 5))
            case "double" | "float":
                return self._random.choice((0.0, 0.5, -1.25, 3.0, 1e300))
            case "int32":
                return self._random.choice((0, 1, -1, 2**31 - 1))
            case _:
                return self._random.choice((0, 1, 2**62))

    def _text(self) -> str:
        return "".join(self._random.choices('aZ0/<&"\\ü😀\u2028 ', k=self._random.randint(0, 6)))
