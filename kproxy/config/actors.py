"""Who stands for whom: a file that gives recorded callers credentials of the server that a replay goes to."""

from dataclasses import dataclass
from pathlib import Path

from kproxy.config.bounded_yaml import load_yaml
from kproxy.config.entry import Entry, read_bounded
from kproxy.errors import ConfigError

_MAX_ACTORS = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Actor:
    """A context of a kubeconfig (`kubeconfig` None: the one that kubectl would use), or a file with a token."""

    context: str = ""
    kubeconfig: Path | None = None
    token_file: Path | None = None


def load_actors(file: Path) -> dict[str, Actor]:
    """The actors by recorded caller. ConfigError, one sentence, for a file that says no such thing.

    The file is YAML: a mapping of callers to `{context: NAME}`, `{context: NAME, kubeconfig: FILE}` or
    `{token-file: FILE}`; its paths are relative to it.
    """
    try:
        document = load_yaml(read_bounded(file), str(file))
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise ConfigError(f"{file} cannot be read: {reason}.") from error
    if not isinstance(document, dict) or not document:
        raise ConfigError(f"{file} must be a mapping of recorded callers to {{context: NAME}} or {{token-file: FILE}}.")
    if len(document) > _MAX_ACTORS:
        raise ConfigError(f"{file} names more than {_MAX_ACTORS} callers.")
    found: dict[str, Actor] = {}
    for caller, body in document.items():
        if not isinstance(body, dict):
            raise ConfigError(f"{file}: {caller!r} must have {{context: NAME}} or {{token-file: FILE}}.")
        found[str(caller)] = _actor(Entry("caller", str(caller), body, file))
    return found


def _actor(entry: Entry) -> Actor:
    unknown = [str(name) for name in entry.body if name not in {"context", "kubeconfig", "token-file"}]
    context, kubeconfig, token_file = (entry.text(field) for field in ("context", "kubeconfig", "token-file"))
    if unknown or bool(context) == bool(token_file) or (kubeconfig and not context):
        raise ConfigError(f"{entry.what} must have either a context (and its kubeconfig) or a token-file.")
    return Actor(
        context=context,
        kubeconfig=entry.file.parent / kubeconfig if kubeconfig else None,
        token_file=entry.file.parent / token_file if token_file else None,
    )
