"""The pictures of docs/architecture.md: the rooms and the way of an exchange, made from the imports.

python tools/architecture.py            writes them into the page
python tools/architecture.py --check    exits 1 if the page has others
"""

import ast
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import grimp
from generated import write_or_compare

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "architecture.md"

WAY = """\
cli.record
  session.record
    session.recording
      proxy.launch
        proxy._mitm
          proxy.sockets.listener
        proxy.ways.way
          proxy.sockets.connection
            proxy.sockets.legs
            proxy.tap.tap
              proxy.tap.admission
                proxy.tap.entrance
                wire.http1
                  wire.http1_head
                proxy.tap.wanted
                proxy.identity.judge
                wire.tracecontext
              proxy.tap.inflight
                proxy.tap.tunnel
            proxy.handover.outbox
              proxy.handover.pace
              wire.handoff
      session.recorder
== another process: batches of wire.handoff come over a socket
record.__main__
  record.recorder
    record.inlet
      record.handoff
    record.assembly
      record.openexchange
      record.streamkind
        record.stream
          wire.watchevents
          wire.content
      record.contents
        wire.coding
      record.redact
        record.heads
        record.secrets
          record.quotations
          record.pseudonyms
        record.literals
      record.finished
    record.followers
      record.etcd
        etcd.client
          etcd.watch
        record.changes
    record.relays
      record.calls
    record.committer
      store.writer
        store.bodies
== the recording: a file that anybody may read
session.keeping
  correlate.ledger
    correlate.traced
    correlate.otlp
    correlate.revision
    correlate.object
    correlate.lease
    correlate.window
    correlate.background
    correlate.consequence
== another server
cli.replay
  session.replay
    session.restore
      replay.restore_etcd
      replay.restore_api
    replay.plan
      replay.order
      replay.graph
    replay.engine
      replay.frontier
      replay.sending
        replay.transport
          wire.http1
      renaming.renaming
    session.recording
      proxy.within
== another recording beside the first one
    diff.compare
      diff.pairing
      diff.learning
        renaming.learn
      diff.exchanges
        diff.documents
        diff.trees
          renaming.walk
            renaming.lists
            renaming.inert
          renaming.kinds
        diff.streams
        diff.noise
      diff.atonce
        diff.items
        diff.told
      diff.short
      diff.etcd
      diff.findings
      diff.causes
        diff.chains
  cli.formats
    report.text
"""
"""Who calls whom, in the order in which an exchange passes; a line is indented below the module that imports it."""


def page_docstring(module: str) -> str:
    """The first line of a module's or a package's docstring."""
    place = ROOT / "kproxy" / module.replace(".", "/")
    file = place / "__init__.py" if place.is_dir() else place.with_suffix(".py")
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").partition("\n")[0]


def way(graph: grimp.ImportGraph) -> Iterator[str]:
    """The lines of the picture of the way. LookupError where a module does not import the one below it."""
    above: list[str] = []
    for line in WAY.splitlines():
        if line.startswith("=="):
            yield f"──────── {line.removeprefix('== ')}"
            continue
        module = line.strip()
        depth = (len(line) - len(module)) // 2
        del above[depth:]
        if above and f"kproxy.{module}" not in graph.find_modules_directly_imported_by(f"kproxy.{above[-1]}"):
            raise LookupError(f"{above[-1]} does not import {module}")
        above.append(module)
        name = "   " * (depth - 1) + "└─ " + module if depth else module
        yield f"{name:<46} {page_docstring(module)}"


def rooms(graph: grimp.ImportGraph) -> Iterator[str]:
    """The lines of the picture of the rooms: by layer, each with the rooms that it imports."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]
    layers = next(each["layers"] for each in contracts if each["type"] == "layers" and each["containers"] == ["kproxy"])
    order = [room.strip() for layer in layers for room in layer.split("|")]
    arrows = {
        one: [
            other
            for other in order
            if other != one
            and graph.direct_import_exists(importer=f"kproxy.{one}", imported=f"kproxy.{other}", as_packages=True)
        ]
        for one in order
    }
    for layer in layers:
        for room in layer.split("|"):
            name = room.strip()
            yield f"{name:<10} {page_docstring(name).rstrip('.')}"
            if arrows[name]:
                yield f"{'':<10} → {' '.join(arrows[name])}"
        yield "─" * 40
    yield f"{len(order)} rooms, {sum(len(each) for each in arrows.values())} arrows, each of them down"


def with_pictures(page: str) -> str:
    """The page with both pictures as they are now."""
    graph = grimp.build_graph("kproxy")
    for name, lines in (("rooms", rooms(graph)), ("way", way(graph))):
        picture = "```\n" + "\n".join(line.rstrip() for line in lines) + "\n```"
        begin, end = f"<!-- {name}: made by `make architecture` -->\n", f"\n<!-- end of {name} -->"
        found = re.compile(re.escape(begin) + ".*?" + re.escape(end), re.DOTALL)
        if not found.search(page):
            raise LookupError(f"docs/architecture.md has no place for {name}")
        page = found.sub(lambda _, made=begin + picture + end: made, page)
    return page


def main() -> None:
    """Write the pictures, or compare them."""
    made = with_pictures(PAGE.read_text(encoding="utf-8"))
    write_or_compare(
        PAGE, made, "docs/architecture.md does not have the imports as they are: `make architecture` writes them again"
    )


if __name__ == "__main__":
    main()
