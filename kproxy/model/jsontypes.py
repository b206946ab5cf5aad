"""JSON as Python holds it."""

type JSON = bool | int | float | str | list[JSON] | dict[str, JSON] | None
type JSONObject = dict[str, JSON]


def text(value: JSON) -> str:
    """A JSON string, "" for anything else."""
    return value if isinstance(value, str) else ""


def mapping(value: JSON) -> JSONObject:
    """A JSON object, an empty one for anything else."""
    return value if isinstance(value, dict) else {}
