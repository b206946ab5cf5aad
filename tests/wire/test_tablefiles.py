"""The file descriptors beside the interface tables."""

from pathlib import Path

from google.protobuf.descriptor_pb2 import FileDescriptorProto

from kproxy.wire import tables
from kproxy.wire.tablefiles import file_of

FOLDER = Path(tables.__path__[0])


def test_each_table_has_its_descriptor_beside_it() -> None:
    """After a change of a table: `make tables`, or without Go `python tools/tables/compile.py`."""
    named = {path.stem for path in FOLDER.glob("*.json")} - {"index"}
    assert named == {path.stem for path in FOLDER.glob("*.binpb")}
    for package in named:
        committed = FileDescriptorProto.FromString((FOLDER / f"{package}.binpb").read_bytes())
        assert committed == FileDescriptorProto.FromString(file_of(package)), package
