"""Writes beside each interface table (kproxy/wire/tables/) what protobuf makes messages of: `make tables`."""

from pathlib import Path

from kproxy.wire import tables
from kproxy.wire.tablefiles import file_of

if __name__ == "__main__":
    folder = Path(tables.__path__[0])
    for table in sorted(folder.glob("*.json")):
        if table.stem != "index":
            table.with_suffix(".binpb").write_bytes(file_of(table.stem))
