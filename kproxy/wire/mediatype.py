"""Media types: `type/subtype;name=value`, read leniently."""

from dataclasses import dataclass
from functools import lru_cache

JSON = "application/json"
YAML = "application/yaml"
PROTOBUF = "application/vnd.kubernetes.protobuf"
CBOR = "application/cbor"
_CBOR_SEQUENCE = "application/cbor-seq"

CBOR_MAGIC = b"\xd9\xd9\xf7"
"""The head of tag 55799, self-described CBOR: what an object of the api-server in CBOR begins with."""


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type in lower case and its parameters (names in lower case, values unquoted)."""

    name: str
    parameters: tuple[tuple[str, str], ...] = ()

    def parameter(self, name: str) -> str:
        """A parameter's value, "" if it is not there."""
        return next((value for key, value in self.parameters if key == name), "")

    @property
    def suffix(self) -> str:
        """What follows the last `+` of the name, "" if there is none (RFC 6838, 4.2.8)."""
        return self.name.rpartition("+")[2] if "+" in self.name else ""

    @property
    def is_json(self) -> bool:
        """Whether its bytes are JSON: application/json and every `…+json`, patches of all kinds among them."""
        return self.name == JSON or self.suffix == "json"

    @property
    def is_yaml(self) -> bool:
        """Whether its bytes are YAML; `application/apply-patch+yaml` may hold JSON, which is YAML too."""
        return self.name in {YAML, "application/x-yaml", "text/yaml", "text/x-yaml"} or self.suffix == "yaml"

    @property
    def is_protobuf(self) -> bool:
        """Whether its bytes are the api-server's protobuf."""
        return self.name == PROTOBUF

    @property
    def is_cbor(self) -> bool:
        """Whether its bytes are CBOR, an item or (`-seq`: a watch) a sequence of them; apply patches among them."""
        return self.name in {CBOR, _CBOR_SEQUENCE} or self.suffix == "cbor"

    @property
    def is_structured(self) -> bool:
        """Whether its bytes are an object that kproxy reads."""
        return self.is_json or self.is_yaml or self.is_protobuf or self.is_cbor

    @property
    def is_stream(self) -> bool:
        """Whether it is a stream of watch events, `;stream=watch`."""
        return self.parameter("stream") == "watch"


@lru_cache(maxsize=256)
def parse_media_type(text: str) -> MediaType:
    """What a Content-Type says. Never raises: parts that mean nothing are left out."""
    name, *rest = text.split(";")
    parameters = []
    for part in rest:
        key, equals, value = part.partition("=")
        if equals and key.strip():
            parameters.append((key.strip().lower(), value.strip().strip('"')))
    return MediaType(name.strip().lower(), tuple(parameters))
