"""Ways into a document."""

type Path = tuple[Path, str | int | Path] | None
"""Last step first: fields' names, elements' indexes, ways on from there; `path_text` writes it."""


def path_text(path: Path) -> str:
    """`$.spec.containers[0].image`; fields with other characters in quotes."""
    return f"${_steps(path)}"


def _steps(path: Path) -> str:
    steps: list[str] = []
    while path is not None:
        path, step = path
        if isinstance(step, int):
            steps.append(f"[{step}]")
        else:
            steps.append(field_step(step) if isinstance(step, str) else _steps(step))
    return "".join(reversed(steps))


def depth_of(path: Path) -> int:
    """How many steps a way has."""
    depth = 0
    while path is not None:
        path, step = path
        depth += 1 if isinstance(step, str | int) else depth_of(step)
    return depth


def field_step(name: str) -> str:
    """A field's step in a path."""
    if name.replace("_", "a").replace("-", "a").isalnum() and name.isascii():
        return f".{name}"
    quoted = name.replace("\\", "\\\\").replace("'", "\\'")
    return f"['{quoted}']"
