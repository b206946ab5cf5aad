"""A request's target in two: path and query. It comes from a recording, so nothing about it can be relied on."""

from urllib.parse import parse_qsl


def path_of(target: str) -> str:
    """What stands before the query, as on the wire."""
    return target.partition("?")[0]


def query_of(target: str) -> list[tuple[str, str]]:
    """The query's parameters in their order, decoded; those without a value too."""
    return parse_qsl(target.partition("?")[2], keep_blank_values=True)


def parameter(target: str, name: str) -> str | None:
    """A parameter's first value, None if it is not there."""
    return next((value for key, value in query_of(target) if key == name), None)
