"""Warning headers as the api-server sends them: `299 - "text"` (RFC 7234, 5.5; k8s.io/apimachinery/pkg/util/net)."""

from kproxy.model.exchange import Headers

_MAX_WARNINGS = 100
"""At most of one answer; the api-server itself stops far before (4 KiB)."""


def warning_texts(headers: Headers) -> tuple[str, ...]:
    """The texts of all warnings, in their order. What is no warning is left out."""
    values = (value for name, value in headers if name.lower() == "warning")
    return tuple(text for value in values for text in _texts(value))[:_MAX_WARNINGS]


def _texts(value: str) -> list[str]:
    """A header's warnings: each is a code, an agent and a quoted text, and some have a quoted date behind it."""
    found: list[str] = []
    at = 0
    while len(found) < _MAX_WARNINGS and (start := value.find('"', at)) >= 0:
        text, at = _quoted(value, start + 1)
        if _begins(value[:start]):
            found.append(text.encode("latin-1", "replace").decode("utf-8", "replace"))
            value, at = value[at:], 0
    return found


def _begins(head: str) -> bool:
    """Whether a warning's code and agent stand before its quoted text."""
    code, _, agent = head.rpartition(",")[2].strip().partition(" ")
    return len(code) == 3 and code.isascii() and code.isdigit() and bool(agent.strip())


def _quoted(value: str, at: int) -> tuple[str, int]:
    """A quoted text from behind its opening quote, and where it ends."""
    out: list[str] = []
    while at < len(value) and value[at] != '"':
        at += value[at] == "\\"
        out.append(value[at : at + 1])
        at += 1
    return "".join(out), at + 1
