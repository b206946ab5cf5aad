"""Credentials in heads: header fields and request targets."""

import base64
import binascii
import re

from kproxy.model.exchange import Headers
from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms, is_pseudonym

_AUTHORIZATION = frozenset({"authorization", "proxy-authorization"})
_WHOLE = frozenset({"x-auth-token", "x-api-key", "x-amz-security-token", "private-token"})
_COOKIES = frozenset({"cookie", "set-cookie"})
_BEARER_PROTOCOL = "base64url.bearer.authorization.k8s.io."  # k8s.io/apiserver/pkg/authentication/request/websocket
_URLS = frozenset({"location", "referer", "content-location"})

_SENSITIVE = _AUTHORIZATION | _WHOLE | _COOKIES | _URLS | {"sec-websocket-protocol"}

_PARAMETER = re.compile(
    r"([?&;](?:token|access_token|id_token|refresh_token|bearer_token|client_secret|password)=)([^&;#]*)", re.IGNORECASE
)


class HeadRedactor:
    """Replaces credentials and known literals in heads."""

    def __init__(self, pseudonyms: Pseudonyms, literals: Literals) -> None:
        self._pseudonyms = pseudonyms
        self._literals = literals

    def target(self, target: str) -> str:
        """A request target or a URL: parameters that carry credentials, and known literals."""
        if "=" in target:
            target = _PARAMETER.sub(lambda match: match[1] + self._pseudonyms.text(match[2]), target)
        return self._literals.replace_text(target)

    def headers(self, headers: Headers, raw: bytes) -> Headers:
        """Header fields: credentials and cookies, and known literals, which are looked for in `raw`, the whole head."""
        if self._literals.found(raw):
            headers = tuple((name, self._literals.replace_text(value)) for name, value in headers)
        lower = [name.strip().lower() for name, _ in headers]  # refused heads may have white space there
        if _SENSITIVE.isdisjoint(lower):
            return headers
        return tuple(
            (name, self._header(known, value) if known in _SENSITIVE else value)
            for known, (name, value) in zip(lower, headers, strict=True)
        )

    def _header(self, name: str, value: str) -> str:
        if name in _AUTHORIZATION:
            scheme, space, credentials = value.partition(" ")
            value = scheme + space + self._pseudonyms.text(credentials) if space else self._pseudonyms.text(value)
        elif name in _COOKIES:
            value = self._cookies(value, only_first=name == "set-cookie")
        elif name == "sec-websocket-protocol":
            value = ", ".join(self._protocol(part.strip()) for part in value.split(","))
        elif name in _WHOLE:
            value = self._pseudonyms.text(value)
        elif name in _URLS:
            value = self.target(value)
        return value

    def _cookies(self, value: str, *, only_first: bool) -> str:
        pairs = value.split(";")
        count = 1 if only_first else len(pairs)
        for number, pair in enumerate(pairs[:count]):
            name, equals, content = pair.partition("=")
            pairs[number] = name + equals + self._pseudonyms.text(content) if equals else self._pseudonyms.text(name)
        return ";".join(pairs)

    def _protocol(self, protocol: str) -> str:
        """A WebSocket client without headers of its own sends its token as a subprotocol."""
        if not protocol.startswith(_BEARER_PROTOCOL):
            return protocol
        encoded = protocol.removeprefix(_BEARER_PROTOCOL)
        if is_pseudonym(encoded):
            return protocol
        try:
            token = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        except (binascii.Error, ValueError):
            return _BEARER_PROTOCOL + self._pseudonyms.text(encoded)
        made = self._pseudonyms.bytes(token)
        return _BEARER_PROTOCOL + base64.urlsafe_b64encode(made).decode().rstrip("=")
