"""docs/errors.md: every sentence that kproxy's code says of a failure, and what to do next; read out of the code.

python tools/errors.py            writes the page
python tools/errors.py --check    exits 1 if the page is another one
"""

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from generated import write_or_compare

from kproxy.errors import KproxyError, says_what_to_do

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "errors.md"

INTRO = """\
# Every error

This page is made from the code (`make errors`). Whatever goes wrong is one sentence on standard error (what failed, on
what, what to do next) and exit code 2, never 1: that only means `different` ([exit codes](command-line.md#exit-codes)).
`kproxy --debug COMMAND …` shows where in the code it was. Words in capitals stand for what was found. Search the page
for the rest of your sentence.

What clients are answered when kproxy cannot go on is [told elsewhere](proxy.md#what-kproxy-answers-itself);
what could not be recorded is a gap ([recording](recording.md)), and what could not be compared a reason of the verdict
([comparing](comparing.md#what-is-missing)).

Beside those below there are three kinds: what click says of a command line (`…; kproxy COMMAND --help tells what there
is`), a full disk under the output, and `this should not happen: …`, which is a bug: please report it with what
`kproxy --debug …` shows.
"""


@dataclass(slots=True)
class Kind:
    """A class of errors, as the code has it."""

    name: str
    base: str
    meaning: str
    next_step: str | None
    said: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Each sentence, and the files that say it."""


def placeholder(node: ast.expr) -> str:
    """What stands for a value: the last word of its expression, in capitals."""
    word = "…"
    match node:
        case ast.Name(name) | ast.Attribute(_, name):
            word = {"error": "REASON", "strerror": "REASON", "option": "--OPTION"}.get(name, name.strip("_").upper())
        case ast.Call(ast.Attribute(ast.Constant(), "join"), [inner]) | ast.Call(_, [inner, *_]) | ast.Call(inner):
            word = placeholder(inner)
        case ast.Subscript(inner) | ast.BoolOp(values=[inner, *_]) | ast.BinOp(inner):
            word = placeholder(inner)
        case ast.IfExp(body=inner) | ast.GeneratorExp(inner):
            word = placeholder(inner)
    return word


def text_of(node: ast.expr, constants: dict[str, str]) -> str:
    """A sentence as the code writes it, with words in capitals for what comes at run time."""
    match node:
        case ast.Constant(str(text)) | ast.FormattedValue(ast.Constant(str(text))):
            said = text
        case ast.FormattedValue(ast.Name(name)) if name in constants:
            said = constants[name]
        case ast.FormattedValue(value):
            said = placeholder(value)
        case ast.JoinedStr(values):
            said = "".join(text_of(value, constants) for value in values)
        case ast.BinOp(left, ast.Add(), right):
            said = text_of(left, constants) + text_of(right, constants)
        case ast.IfExp(body=body):
            said = text_of(body, constants)
        case _:
            said = placeholder(node)
    return said


def kinds() -> dict[str, Kind]:
    """Each class of errors with what it says, those of errors.py first."""
    files = sorted((ROOT / "kproxy").rglob("*.py"), key=lambda file: (file.name != "errors.py", file))
    trees = {file: ast.parse(file.read_text(encoding="utf-8")) for file in files}
    found = {"KproxyError": Kind("KproxyError", "", "", KproxyError.next_step)}
    classes = [node for tree in trees.values() for node in ast.walk(tree) if isinstance(node, ast.ClassDef)]
    while more := [each for each in classes if each.name not in found and base_of(each) in found]:
        for each in more:
            found[each.name] = kind_of(each)
    for file, tree in trees.items():
        place = str(file.relative_to(ROOT))
        for kind, sentence in sentences(tree, found):
            found[kind].said[sentence].add(place)
    return found


def base_of(node: ast.ClassDef) -> str:
    """The name of its first base."""
    return node.bases[0].id if node.bases and isinstance(node.bases[0], ast.Name) else ""


def kind_of(node: ast.ClassDef) -> Kind:
    """A class of errors, without what it says."""
    step = next(
        (
            ast.literal_eval(each.value)
            for each in node.body
            if isinstance(each, ast.Assign)
            and isinstance(each.targets[0], ast.Name)
            and each.targets[0].id == "next_step"
        ),
        None,
    )
    meaning = (ast.get_docstring(node) or "").partition("\n")[0]
    return Kind(node.name, base_of(node), meaning, step)


def sentences(tree: ast.Module, found: dict[str, Kind]) -> Iterator[tuple[str, str]]:
    """Each sentence of a file, with its class: where one is made, or by the class itself in its __init__."""
    constants = {
        node.targets[0].id: node.value.value
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    }
    own = {
        node.name: call
        for node in ast.walk(tree)
        if isinstance(node, ast.ClassDef) and node.name in found
        for call in ast.walk(node)
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "super().__init__" and call.args
    }
    for name, call in own.items():
        if not isinstance(call.args[0], ast.Name):  # else whoever makes one gives the sentence
            yield name, text_of(call.args[0], constants)
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in found and node.args:
            sentence = text_of(node.args[0], constants)
            if re.search(r"[a-z]{2}", sentence):  # else another's sentence is handed on
                yield node.func.id, sentence


def next_step(kind: Kind, every: dict[str, Kind]) -> str:
    """What a class says to do next: its own, or its base's."""
    return kind.next_step if kind.next_step is not None else next_step(every[kind.base], every)


def row(sentence: str, places: set[str]) -> str:
    """A row of a class's table."""
    said, _, told = sentence.partition("; ")
    if not says_what_to_do(sentence):
        told = "see above"
    elif not told:
        told = "as it says"
    cells = (said.rstrip("."), told.rstrip("."), ", ".join(f"`{place}`" for place in sorted(places)))
    return "| " + " | ".join(re.sub(r"\s+", " ", cell).replace("|", "\\|").replace("*", "\\*") for cell in cells) + " |"


def section(kind: Kind, every: dict[str, Kind]) -> str:
    """What the page says of one class."""
    step = next_step(kind, every)
    rows = "\n".join(row(sentence, kind.said[sentence]) for sentence in sorted(kind.said, key=str.lower))
    told = f"{kind.meaning} Where the sentence does not tell, what to do next is: {step}."
    table = "| it says | what to do next | from |\n| --- | --- | --- |"
    return f"## {kind.name}\n\n{told}\n\n{table}\n{rows}\n"


def page() -> str:
    """The whole page."""
    every = kinds()
    return "\n".join([INTRO, *(section(kind, every) for kind in every.values() if kind.said)])


def main() -> None:
    """Write the page, or compare it."""
    write_or_compare(PAGE, page(), "docs/errors.md is not what the code says: `make errors` writes it again")


if __name__ == "__main__":
    main()
