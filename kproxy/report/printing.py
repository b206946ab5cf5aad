"""Text from a recording, made harmless for whoever prints it."""


def printable(text: str) -> str:
    """`text` without anything that steers a terminal: control characters and what changes the direction of writing."""
    return text if text.isprintable() else "".join(char if char.isprintable() else _escape(char) for char in text)


def _escape(char: str) -> str:
    return char.encode("unicode_escape").decode("ascii")


def cut(text: str, limit: int) -> str:
    """A text of at most so many characters, an ellipsis in place of what is beyond."""
    return text if len(text) <= limit else f"{text[: limit - 1]}…"


def count(number: int, what: str) -> str:
    """`1 finding`, `2 findings`."""
    return f"{number} {what}{'' if number == 1 else 's'}"
