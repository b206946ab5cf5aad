"""What a version changed, and who made it, as lines for people; whatever comes from a recording is bounded."""

import json
from collections.abc import Sequence

from kproxy.fields.changes import FieldChange
from kproxy.fields.paths import path_text
from kproxy.history.author import Author
from kproxy.model.attribution import LedgerEntry, Standing
from kproxy.model.jsontypes import JSON

_MAX_CHANGES = 50
"""Fields of one version that are written out; --json has all."""

_MAX_VALUE = 120
_MAX_PATH = 300


def changed_lines(changes: Sequence[FieldChange]) -> list[str]:
    """A line a field: `+` set, `~` changed, `-` removed."""
    lines = [_line(change) for change in changes[:_MAX_CHANGES]]
    if len(changes) > _MAX_CHANGES:
        lines.append(f"… and {len(changes) - _MAX_CHANGES} more fields (--json has all)")
    return lines


def _line(change: FieldChange) -> str:
    path = cut(path_text(change.path), _MAX_PATH)
    if change.change == "set":
        return f"+ {path}: {value_text(change.after)}"
    if change.change == "removed":
        return f"- {path}: {value_text(change.before)}"
    return f"~ {path}: {value_text(change.before)} → {value_text(change.after)}"


def value_text(value: JSON) -> str:
    """A value as JSON, bounded."""
    return cut(json.dumps(value, ensure_ascii=False), _MAX_VALUE)


def cut(text: str, limit: int) -> str:
    """A text of at most so many characters."""
    return text if len(text) <= limit else f"{text[:limit]}…"


def who_text(author: Author | None) -> str:
    """`#12 patch scale by alice with kubectl/v1.37.2 as field manager kubectl-scale`."""
    if author is None:
        return "by nobody known"
    verb = f"{author.verb} {author.subresource}".rstrip()
    text = f"#{author.seq} {verb} by {cut(author.caller, _MAX_VALUE) or 'nobody known'}"
    if author.user_agent:
        text += f" with {cut(author.user_agent.partition(' ')[0], _MAX_VALUE)}"
    if author.manager:
        text += f" as {cut(author.manager, _MAX_VALUE)}" + (" (apply)" if author.operation == "Apply" else "")
    return text


def ground_text(entry: LedgerEntry | None) -> str:
    """On what ground a change has its request, or why it has none."""
    if entry is None:
        return ""
    parts = []
    if (ground := entry.attribution) is not None:
        parts.append(f"{ground.basis.value}: {ground.evidence}")
    elif entry.standing is not Standing.BACKGROUND:
        parts.append(f"{entry.standing.value}{f': {entry.reason}' if entry.reason else ''}")
    if entry.background:
        parts.append(f"background: {entry.background}")
    if entry.consequence is not None:
        parts.append(f"a consequence of #{entry.consequence.seq}: {entry.consequence.evidence}")
    parts += [f"contradiction: {each}" for each in entry.contradictions]
    return "; ".join(parts)
