"""A named part of a kubeconfig, and its fields as they must be."""

from base64 import b64decode, b64encode
from dataclasses import dataclass
from pathlib import Path

from kproxy.config.bounded_yaml import MAX_BYTES
from kproxy.errors import ConfigError
from kproxy.model.jsontypes import JSON, JSONObject


@dataclass(frozen=True, slots=True)
class Entry:
    """A named cluster, user or context, its paths absolute, and the file it comes from."""

    kind: str
    name: str
    body: JSONObject
    file: Path
    called: str = ""

    @property
    def what(self) -> str:
        """How errors call it."""
        return self.called or f'{self.kind} "{self.name}" in {self.file}'

    def text(self, field: str) -> str:
        """A field that must be a string; "" where it is absent."""
        value = self.body.get(field)
        if value is None:
            return ""
        if not isinstance(value, str):
            raise ConfigError(f"{field} of {self.what} must be a string.")
        return value

    def flag(self, field: str) -> bool:
        """A field that must be true or false; False where it is absent."""
        value = self.body.get(field)
        if value is None or isinstance(value, bool):
            return bool(value)
        raise ConfigError(f"{field} of {self.what} must be true or false.")

    def texts(self, field: str) -> tuple[str, ...]:
        """A field that must be a list of strings."""
        value = self.body.get(field)
        if value is None:
            return ()
        if not isinstance(value, list):
            raise ConfigError(f"{field} of {self.what} must be a list of strings.")
        return tuple(_must_be_text(item, field, self) for item in value)

    def pem(self, field: str) -> str | None:
        """PEM from `FIELD-data` (base64), or from the file that FIELD names, or None: the data wins, as in kubectl."""
        if data := self.text(f"{field}-data"):
            try:
                return b64decode("".join(data.split()), validate=True).decode("ascii")
            except ValueError as error:
                raise ConfigError(f"{field}-data of {self.what} is no base64 of a PEM text.") from error
        if path := self.text(field):
            try:
                return read_bounded(Path(path)).decode("ascii")
            except (OSError, ValueError) as error:
                raise ConfigError(f"{field} of {self.what} cannot be read: {error}.") from error
        return None

    def data(self, field: str) -> str:
        """The same as base64; "" where there is none."""
        pem = self.pem(field)
        return b64encode(pem.encode("ascii")).decode("ascii") if pem else ""


def read_bounded(file: Path) -> bytes:
    """A file's bytes, of which no more than MAX_BYTES are read. ValueError beyond, OSError."""
    with file.open("rb") as opened:
        raw = opened.read(MAX_BYTES + 1)
    if len(raw) > MAX_BYTES:
        raise ValueError(f"it is larger than {MAX_BYTES // 1024 // 1024} MiB")
    return raw


def is_field_value(text: str) -> bool:
    """Whether it fits a header: visible ASCII and inner spaces, so that no file or kubeconfig can add header lines."""
    return all(" " <= char <= "~" for char in text)


def _must_be_text(value: JSON, field: str, entry: Entry) -> str:
    if isinstance(value, str):
        return value
    raise ConfigError(f"{field} of {entry.what} must be a list of strings.")
