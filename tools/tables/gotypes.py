"""What Go's struct tags say of JSON: names, omitempty, pointers, embedding; read from gofmt'd API type files."""

import re
from dataclasses import dataclass, field
from pathlib import Path

_TYPE = re.compile(r"^type (\w+) (struct \{|\[\]\S+)")
_BORROWED = re.compile(r"^type (\w+) (\w+)\.(\w+)$")
_IMPORT = re.compile(r'^\t(\w+) "([^"]+)"$', re.MULTILINE)
_FIELD = re.compile(r"^\t(?:(?P<name>\w+)\s+)?(?P<type>[^\s`]+)\s+`(?P<tags>[^`]*)`")
_TAG = re.compile(r'(\w+):"([^"]*)"')
_GROUP = re.compile(r'\bGroupName\s*=\s*"([^"]*)"')
_VERSION = re.compile(r'GroupVersion\{Group: GroupName, Version: "([^"]+)"\}')


@dataclass(frozen=True)
class GoField:
    """One field that has a protobuf number."""

    number: int
    json: str  # "" for an embedded struct, whose fields stand in its parent
    options: frozenset[str]
    pointer: bool


@dataclass
class GoPackage:
    """The types of one Go package that protobuf knows, and the API group that it is."""

    structs: dict[str, list[GoField]] = field(default_factory=dict)
    slices: set[str] = field(default_factory=set)
    borrowed: dict[str, tuple[str, str]] = field(default_factory=dict)  # name -> (import path, name there)
    group: str | None = None
    version: str | None = None


def read_package(folder: Path) -> GoPackage:
    """The types declared in a folder's Go files."""
    package = GoPackage()
    for path in sorted(folder.glob("*.go")):
        if path.name.endswith(("_test.go", ".pb.go")) or path.name.startswith("zz_generated"):
            continue
        text = path.read_text()
        _read_types(text, package)
        if match := _GROUP.search(text):
            package.group = match[1]
        if match := _VERSION.search(text):
            package.version = match[1]
    return package


def _read_types(text: str, package: GoPackage) -> None:
    imports = dict(_IMPORT.findall(text))
    current: list[GoField] | None = None
    for line in text.splitlines():
        if match := _TYPE.match(line):
            current = None
            if match[2].startswith("[]"):
                package.slices.add(match[1])
            else:
                current = package.structs.setdefault(match[1], [])
        elif match := _BORROWED.match(line):
            if match[2] in imports:
                package.borrowed[match[1]] = (imports[match[2]], match[3])
        elif line == "}":
            current = None
        elif current is not None and (match := _FIELD.match(line)):
            current += _go_fields(match["name"] or "", match["type"], dict(_TAG.findall(match["tags"])))


def _go_fields(name: str, type_name: str, tags: dict[str, str]) -> list[GoField]:
    """The field of a line, none if protobuf does not have it."""
    protobuf = tags.get("protobuf", "-").split(",")
    if len(protobuf) < 2 or not protobuf[1].isdigit():
        return []
    json, *options = tags.get("json", "").split(",")
    return [GoField(int(protobuf[1]), json or name, frozenset(options) - {""}, type_name.startswith("*"))]
