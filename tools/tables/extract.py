# /// script
# requires-python = ">=3.12"
# dependencies = ["grpcio-tools>=1.71"]
# ///
"""Extracts the interface tables (kproxy/wire/tables/) from the published .proto files; see README.md beside it.

python tools/tables/extract.py            writes them
python tools/tables/extract.py --check    exits 1 if what is committed differs from what it would write
"""

import argparse
import json
import sys
from functools import cache

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)
from gotypes import GoField, GoPackage, read_package
from protos import KUBERNETES, KUBERNETES_MODULES, ROOT, etcd_files, kubernetes_files, modules

TABLES = ROOT / "kproxy" / "wire" / "tables"
SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in FieldDescriptorProto.Type.items()
    if name not in {"TYPE_GROUP", "TYPE_MESSAGE", "TYPE_ENUM"}
}
# Messages whose JSON is made by a function of their own in Go, not by struct tags: kproxy/wire/protobuf has them too.
OWN_FORM = {
    "k8s.io.apimachinery.pkg.api.resource.Quantity",
    "k8s.io.apimachinery.pkg.api.resource.QuantityValue",
    "k8s.io.apimachinery.pkg.apis.meta.v1.Duration",
    "k8s.io.apimachinery.pkg.apis.meta.v1.FieldsV1",
    "k8s.io.apimachinery.pkg.apis.meta.v1.MicroTime",
    "k8s.io.apimachinery.pkg.apis.meta.v1.Time",
    "k8s.io.apimachinery.pkg.runtime.RawExtension",
    "k8s.io.apimachinery.pkg.util.intstr.IntOrString",
}


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    check = parser.parse_args().check
    wanted = {**_kubernetes_tables(), **_etcd_tables()}
    if check:
        committed = {path.name: path.read_text() for path in TABLES.glob("*.json")}
        wrong = sorted(name for name in wanted.keys() | committed.keys() if wanted.get(name) != committed.get(name))
        if wrong:
            sys.exit(f"the interface tables differ from their sources: {', '.join(wrong)}; run make tables")
        print(f"{len(wanted)} interface tables are what their sources say")
        return
    TABLES.mkdir(exist_ok=True)
    for path in TABLES.glob("*.json"):
        path.unlink()
    for name, text in wanted.items():
        (TABLES / name).write_text(text)


def _kubernetes_tables() -> dict[str, str]:
    where = modules(KUBERNETES, KUBERNETES_MODULES)
    tables, kinds = {}, {}

    @cache
    def go_package(path: str) -> tuple[GoPackage, str]:
        module = max((name for name in where if path.startswith(name + "/")), key=len)
        folder, version = where[module]
        package = read_package(folder / path.removeprefix(module + "/"))
        for name, (source, there) in package.borrowed.items():
            if any(source.startswith(known + "/") for known in where):
                package.structs[name] = go_package(source)[0].structs.get(there, [])
        return package, f"{module}@{version}"

    for file in kubernetes_files(where):
        go, source = go_package(file.options.go_package)
        table = _table(file, source, go)
        if not table["messages"]:
            continue
        if go.version is not None and go.group is not None:
            api_version = f"{go.group}/{go.version}" if go.group else go.version
            kinds[api_version] = file.package
        tables[f"{file.package}.json"] = _text(table)
    tables["index.json"] = _text({"packages": kinds})
    return tables


def _etcd_tables() -> dict[str, str]:
    files, version = etcd_files()
    return {f"{file.package}.json": _text(_table(file, f"go.etcd.io/etcd/api/v3@{version}", None)) for file in files}


def _text(table: dict[str, object]) -> str:
    return json.dumps(table, indent=1) + "\n"


def _table(file: FileDescriptorProto, source: str, go: GoPackage | None) -> dict[str, object]:
    """One file's table: see kproxy/wire/descriptors.py for the form."""
    builder = _Builder(file.package, go)
    for message in file.message_type:
        builder.add_message(message, "")
    enums = {**{enum.name: _enum(enum) for enum in file.enum_type}, **builder.enums}
    table: dict[str, object] = {
        "package": file.package,
        "source": source,
        "syntax": file.syntax or "proto2",
        "messages": dict(sorted(builder.messages.items())),
    }
    if enums:
        table["enums"] = dict(sorted(enums.items()))
    methods = {
        f"{service.name}/{method.name}": " -> ".join(
            ("stream " if streamed else "") + _relative(name, file.package)
            for streamed, name in (
                (method.client_streaming, method.input_type),
                (method.server_streaming, method.output_type),
            )
        )
        for service in file.service
        for method in service.method
    }
    if methods:
        table["methods"] = dict(sorted(methods.items()))
    return table


class _Builder:
    """Collects a package's messages, nested ones by dotted names."""

    def __init__(self, package: str, go: GoPackage | None) -> None:
        self._package = package
        self._go = go
        self.messages: dict[str, list[str]] = {}
        self.enums: dict[str, dict[str, int]] = {}

    def add_message(self, message: DescriptorProto, outer: str) -> None:
        """A message and those within it."""
        name, package = outer + message.name, self._package
        for enum in message.enum_type:
            self.enums[f"{name}.{enum.name}"] = _enum(enum)
        entries = {
            f".{package}.{name}.{nested.name}": nested for nested in message.nested_type if nested.options.map_entry
        }
        for nested in message.nested_type:
            if not nested.options.map_entry:
                self.add_message(nested, f"{name}.")
        known = _go_fields(message, f"{package}.{name}", self._go)
        order = {number: place for place, number in enumerate(known)}
        fields = sorted(message.field, key=lambda field: order.get(field.number, field.number))
        self.messages[name] = [_field(field, message, package, entries, known.get(field.number)) for field in fields]


def _enum(enum: EnumDescriptorProto) -> dict[str, int]:
    return {value.name: value.number for value in enum.value}


def _go_fields(message: DescriptorProto, full_name: str, go: GoPackage | None) -> dict[int, GoField | str]:
    """What Go says of each field's JSON, in Go's order; "list" for a named slice, which is its own JSON."""
    if go is None or full_name in OWN_FORM:
        return {}
    if message.name in go.slices:
        return {1: "list"}
    fields = {field.number: field for field in go.structs.get(message.name, ())}
    missing = [field.name for field in message.field if field.number not in fields]
    if missing:
        raise SystemExit(f"{full_name}: no Go field for {', '.join(missing)}")
    return dict(fields)


def _field(
    field: FieldDescriptorProto,
    message: DescriptorProto,
    package: str,
    entries: dict[str, DescriptorProto],
    go: GoField | str | None,
) -> str:
    """`NUMBER NAME TYPE [flags]`."""
    kind = _kind(field, package)
    if entry := entries.get(field.type_name):
        key, value = entry.field
        kind = f"map[{_kind(key, package)}]{_kind(value, package)}"
    elif field.label == FieldDescriptorProto.LABEL_REPEATED:
        kind = f"[]{kind}"
    flags = []
    if field.HasField("oneof_index"):
        flags.append(f"oneof={message.oneof_decl[field.oneof_index].name}")
    if isinstance(go, str):
        flags.append(go)
    elif go is not None:
        kind = ("*" if go.pointer else "") + kind
        flags += sorted(go.options - {"inline"})
        if not go.json:
            flags.append("inline")
        elif go.json != field.name:
            flags.append(f"json={go.json}")
    return " ".join((str(field.number), field.name, kind, *flags))


def _kind(field: FieldDescriptorProto, package: str) -> str:
    if field.type == FieldDescriptorProto.TYPE_ENUM:
        return "enum:" + _relative(field.type_name, package)
    if field.type == FieldDescriptorProto.TYPE_MESSAGE:
        return _relative(field.type_name, package)
    return SCALARS[field.type]


def _relative(type_name: str, package: str) -> str:
    """A type's name within its package; one of another package keeps its leading dot."""
    return type_name.removeprefix(f".{package}.")


if __name__ == "__main__":
    main()
