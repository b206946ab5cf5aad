"""How big the house is: files, functions, public names, arrows between rooms, read from the code alone."""

import ast
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import grimp

PACKAGE = "kproxy"
TOP = 5


@dataclass(frozen=True, slots=True)
class Public:
    """Names of one room without an underscore: all of them, and those that another room imports."""

    names: int
    imported: int


@dataclass(frozen=True, slots=True)
class House:
    """The figures of a source tree. Lines are lines of text, of a function from its `def` to its end."""

    files: int
    lines: int
    largest_files: tuple[tuple[int, str], ...]
    largest_functions: tuple[tuple[int, str], ...]
    public: Mapping[str, Public]
    arrows: tuple[tuple[str, str, int], ...] = field(default=())
    cycles: tuple[tuple[str, ...], ...] = field(default=())


def house(root: Path) -> House:
    """Measure the package in this folder."""
    files, functions, lines = [], [], 0
    public: dict[str, set[str]] = {}
    imported: dict[str, set[str]] = {}
    for path in sorted((root / PACKAGE).rglob("*.py")):
        text = path.read_text()
        tree = ast.parse(text)
        name = path.relative_to(root).as_posix()
        room = room_of(name)
        lines += (length := text.count("\n"))
        files.append((length, name))
        functions += [(size, f"{name}: {what}") for what, size in functions_of(tree)]
        module = name.removesuffix(".py").removesuffix("/__init__").replace("/", ".")
        public.setdefault(room, set()).update(f"{module}.{each}" for each in public_names(tree))
        for source, each in imports(tree):
            if (other := room_of(source.replace(".", "/"))) != room:
                imported.setdefault(other, set()).add(f"{source}.{each}")
    return House(
        len(files),
        lines,
        tuple(sorted(files, reverse=True)[:TOP]),
        tuple(sorted(functions, reverse=True)[:TOP]),
        {room: Public(len(names), len(names & imported.get(room, set()))) for room, names in sorted(public.items())},
    )


def wired(measured: House) -> House:
    """The same with what the installed package's imports say: arrows between rooms, and cycles of modules."""
    graph = grimp.build_graph(PACKAGE, cache_dir=None)
    arrows: Counter[tuple[str, str]] = Counter()
    edges: dict[str, set[str]] = {}
    for module in graph.modules:
        edges[module] = graph.find_modules_directly_imported_by(module)
        for other in edges[module]:
            ends = room_of(module.replace(".", "/")), room_of(other.replace(".", "/"))
            if ends[0] != ends[1]:
                arrows[ends] += 1
    found = tuple((*ends, count) for ends, count in sorted(arrows.items()))
    return House(
        measured.files,
        measured.lines,
        measured.largest_files,
        measured.largest_functions,
        measured.public,
        found,
        tuple(knots(edges)),
    )


def room_of(path: str) -> str:
    """The room of a path such as kproxy/wire/http1.py; the package's own name for a module in none."""
    parts = path.split("/")
    return parts[1].removesuffix(".py") if len(parts) > 1 else parts[0]


def functions_of(tree: ast.AST, within: str = "") -> Iterator[tuple[str, int]]:
    """Each function and method with its lines, by its name within its classes and functions."""
    for node in ast.iter_child_nodes(tree):
        name = within
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            name = f"{within}.{node.name}".lstrip(".")
            if not isinstance(node, ast.ClassDef):
                yield name, (node.end_lineno or node.lineno) - node.lineno + 1
        yield from functions_of(node, name)


def public_names(tree: ast.Module) -> Iterator[str]:
    """Names that a module defines for others: no imports, nothing with an underscore."""
    for node in tree.body:
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                names = [name]
            case ast.TypeAlias(name=ast.Name(id=name)) | ast.AnnAssign(target=ast.Name(id=name)):
                names = [name]
            case ast.Assign(targets=targets):
                names = [each.id for target in targets for each in ast.walk(target) if isinstance(each, ast.Name)]
            case _:
                continue
        yield from (name for name in names if not name.startswith("_"))


def imports(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """What is imported of the package: a module and a name in it, wherever in the file it stands."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] == PACKAGE:
            for alias in node.names:
                yield node.module, alias.name


def knots(edges: Mapping[str, set[str]]) -> Iterator[tuple[str, ...]]:
    """Modules that import each other in a ring, each ring's in the order of their names (Tarjan's components)."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []

    def visit(node: str) -> Iterator[tuple[str, ...]]:
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in sorted(edges.get(node, ())):
            if other not in index:
                yield from visit(other)
                low[node] = min(low[node], low[other])
            elif other in stack:
                low[node] = min(low[node], index[other])
        if low[node] == index[node]:
            ring = stack[stack.index(node) :]
            del stack[stack.index(node) :]
            if len(ring) > 1 or node in edges.get(node, ()):
                yield tuple(sorted(ring))

    for node in sorted(edges):
        if node not in index:
            yield from visit(node)
