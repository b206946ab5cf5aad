"""A package's table (wire.descriptors) as the file descriptor that protobuf makes messages of.

`make tables` writes each beside its table; tests/wire/test_tablefiles.py holds the two together.
"""

from google.protobuf.descriptor_pb2 import DescriptorProto, FieldDescriptorProto, FileDescriptorProto

from kproxy.wire.descriptors import SCALARS, FieldSpec, message_fields, split_name, table_of

_NUMBERS = {name: FieldDescriptorProto.Type.Value(f"TYPE_{name.upper()}") for name in SCALARS}


def file_of(package: str) -> bytes:
    """A package's FileDescriptorProto, which names the packages that it needs. KeyError."""
    table = table_of(package)
    file = FileDescriptorProto(name=f"{package}.proto", package=package, syntax=table["syntax"])
    built: dict[str, DescriptorProto] = {}
    needed: set[str] = set()
    for name in sorted(table.get("messages", {}), key=lambda name: name.count(".")):
        outer, _, short = name.rpartition(".")
        message = built[outer].nested_type.add() if outer else file.message_type.add()
        message.name = short
        built[name] = message
        for spec in message_fields(f"{package}.{name}"):
            _add_field(message, spec, f".{package}.{name}")
            if spec.is_message:
                needed.add(split_name(spec.type)[0])
    for name, values in table.get("enums", {}).items():
        outer, _, short = name.rpartition(".")
        enum = (built[outer] if outer else file).enum_type.add(name=short)
        for value, number in values.items():
            enum.value.add(name=value, number=number)
    file.dependency.extend(f"{other}.proto" for other in sorted(needed - {package}))
    return file.SerializeToString(deterministic=True)


def _add_field(message: DescriptorProto, spec: FieldSpec, full_name: str) -> None:
    field = message.field.add(name=spec.name, number=spec.number, label=FieldDescriptorProto.LABEL_OPTIONAL)
    if spec.map_key:
        entry = message.nested_type.add(name=_entry_name(spec.name))
        entry.options.map_entry = True
        key = entry.field.add(name="key", number=1, label=FieldDescriptorProto.LABEL_OPTIONAL)
        _set_type(key, spec.map_key)
        _set_type(entry.field.add(name="value", number=2, label=FieldDescriptorProto.LABEL_OPTIONAL), spec.type)
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f"{full_name}.{entry.name}"
    else:
        _set_type(field, spec.type)
    if spec.map_key or spec.repeated:
        field.label = FieldDescriptorProto.LABEL_REPEATED
    if spec.oneof:
        known = [oneof.name for oneof in message.oneof_decl]
        if spec.oneof not in known:
            message.oneof_decl.add(name=spec.oneof)
            known.append(spec.oneof)
        field.oneof_index = known.index(spec.oneof)


def _set_type(field: FieldDescriptorProto, kind: str) -> None:
    if kind.startswith("enum:"):
        field.type = FieldDescriptorProto.TYPE_ENUM
        field.type_name = "." + kind.removeprefix("enum:")
    elif kind in _NUMBERS:
        field.type = _NUMBERS[kind]
    else:
        field.type = FieldDescriptorProto.TYPE_MESSAGE
        field.type_name = f".{kind}"


def _entry_name(field_name: str) -> str:
    """The name that protobuf demands of a map field's entry."""
    return "".join(part[:1].upper() + part[1:] for part in field_name.split("_")) + "Entry"
