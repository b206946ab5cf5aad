"""YAML from outside: read safely, and with an end to what it may cost."""

import yaml

from kproxy.errors import ConfigError
from kproxy.model.jsontypes import JSON

MAX_BYTES = 4 * 1024 * 1024
"""Ten times the largest kubeconfig heard of (thousands of clusters with inline certificates)."""

MAX_DEPTH = 64
MAX_NODES = 400_000

# libyaml where PyYAML was built with it: fifty times faster, and it bounds nesting itself.
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def load_yaml(raw: bytes, what: str) -> JSON:
    """The one document in `raw`, as JSON values. `what` names it in the sentence of the ConfigError.

    Aliases are refused: a few lines of them expand to gigabytes, and no kubeconfig that a tool writes has any.
    """
    if len(raw) > MAX_BYTES:
        raise ConfigError(f"{what} is larger than {MAX_BYTES // 1024 // 1024} MiB, more than kproxy reads.")
    try:
        _check_shape(raw, what)
        document: JSON = yaml.load(raw, Loader=_LOADER)  # noqa: S506 - _LOADER is a SafeLoader
    except (yaml.YAMLError, ValueError, RecursionError, OverflowError) as error:
        raise ConfigError(f"{what} is no YAML that kproxy can read: {_one_line(error)}.") from error
    return document


def _check_shape(raw: bytes, what: str) -> None:
    """Look at the parser's events, before anything is built from them."""
    depth = 0
    for nodes, event in enumerate(yaml.parse(raw, Loader=_LOADER)):
        if isinstance(event, yaml.AliasEvent):
            raise ConfigError(f"{what} uses YAML aliases (*{event.anchor}), which kproxy does not follow.")
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > MAX_DEPTH or nodes > MAX_NODES:
            raise ConfigError(f"{what} is nested too deeply or has too many entries.")


def _one_line(error: Exception) -> str:
    if isinstance(error, yaml.MarkedYAMLError) and error.problem_mark is not None:
        mark = error.problem_mark
        return f"{error.problem} (line {mark.line + 1}, column {mark.column + 1})"
    return " ".join(str(error).split())[:200].rstrip(".")
