"""What the api-server makes of a request's method and target.

The rules are those of k8s.io/apiserver/pkg/endpoints/request/requestinfo.go (1.37), and of Go's net/url for targets.
"""

from urllib.parse import parse_qs, unquote_to_bytes, urlsplit

from kproxy.model.api import WRITE_VERBS, RequestInfo
from kproxy.model.exchange import Exchange
from kproxy.wire.labelselector import is_label_selector

_PREFIXES = frozenset({"api", "apis"})
_SPECIAL_VERBS = frozenset({"proxy", "watch"})
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
_VERBS = {
    "POST": "create",
    "GET": "get",
    "HEAD": "get",
    "PUT": "update",
    "PATCH": "patch",
    "DELETE": "delete",
}
_HEX = frozenset("0123456789abcdefABCDEF")
_INT_PARAMETERS = ("limit", "timeoutSeconds")
_NO_WRITES = frozenset({"exec", "attach", "portforward", "proxy", "token"})


def request_info(method: str, target: str) -> RequestInfo:
    """What `method` (as sent: methods are case-sensitive) and `target` (path and query, as on the wire) mean.

    Never raises: what the api-server would refuse as malformed comes back as a non-resource request with the path as
    it is, or with the fields that could be told. Path bytes that are no UTF-8 become U+FFFD.
    """
    raw_path, query = _split_target(target)
    path = _unescape(raw_path)
    if path is None:
        return RequestInfo(verb=method.lower(), path=raw_path, is_resource=False)
    other = RequestInfo(verb=method.lower(), path=path, is_resource=False)
    parts = _segments(path)
    if len(parts) < 3 or parts[0] not in _PREFIXES:
        return other
    group = ""
    prefix, *parts = parts
    if prefix == "apis":
        if len(parts) < 3:
            return other
        group, *parts = parts
    version, *parts = parts
    verb = _VERBS.get(method, "")
    if parts[0] in _SPECIAL_VERBS:
        if len(parts) < 2:
            return RequestInfo(verb=other.verb, path=path, is_resource=True, group=group, version=version)
        verb, *parts = parts
    return _resource_request(verb, path, (group, version), parts, query)


def is_write(exchange: Exchange) -> bool:
    """Whether the request asked to change something in etcd."""
    info = exchange.info
    if not info.is_resource or info.verb not in WRITE_VERBS or info.subresource in _NO_WRITES:
        return False
    target = exchange.request.target
    return "dryRun" not in target or "dryRun" not in parse_qs(urlsplit(target).query)


def _resource_request(verb: str, path: str, api: tuple[str, str], parts: list[str], query: str) -> RequestInfo:
    """The request of a resource of `api`; `parts`: what follows the version and a verb, at least one segment."""
    namespace = ""
    if parts[0] == "namespaces" and len(parts) > 1:
        namespace = parts[1]
        if len(parts) > 2 and parts[2] not in _NAMESPACE_SUBRESOURCES:
            parts = parts[2:]

    name = parts[1] if len(parts) > 1 else ""
    if not name and verb == "get":
        verb, name = _list_or_watch(query)
    if not name and verb == "delete":
        verb = "deletecollection"
    return RequestInfo(
        verb=verb,
        path=path,
        is_resource=True,
        group=api[0],
        version=api[1],
        resource=parts[0],
        subresource=parts[2] if len(parts) > 2 and verb != "proxy" else "",
        namespace=namespace,
        name=name,
    )


def _list_or_watch(query: str) -> tuple[str, str]:
    """The verb of a GET without a name, and the name that its field selector demands."""
    values = first_values(query)
    verb = "watch" if values.get("watch", "false").lower() not in {"false", "0"} else "list"
    if not all(_is_go_int(values[name]) for name in _INT_PARAMETERS if name in values):
        return verb, ""  # the server drops all list options when one of them is wrong
    name = _selected_name(values.get("fieldSelector", ""))
    if not name or name in {".", ".."} or "/" in name or "%" in name:
        return verb, ""
    return verb, name if is_label_selector(values.get("labelSelector", "")) else ""


def _selected_name(selector: str) -> str:
    """What the first `metadata.name=` term of a field selector asks for; "" if the selector is wrong or has none."""
    names = []
    for term in sorted(_split_terms(selector)):
        if not term:
            continue
        at = term.find("=")
        if at < 0:
            return ""
        negated = at > 0 and term[at - 1] == "!"
        field = term[: at - 1] if negated else term[:at]
        value = _unescape_selector_value(term[at + 1 :].removeprefix("=" if not negated else ""))
        if value is None:
            return ""
        if field == "metadata.name" and not negated:
            names.append(value)
    return names[0] if names else ""


def _split_terms(selector: str) -> list[str]:
    """A field selector's terms: parted by commas that no backslash escapes."""
    terms, start, escaped = [], 0, False
    for index, char in enumerate(selector):
        if escaped:
            escaped = False
        elif char == "\\":
            escaped = True
        elif char == ",":
            terms.append(selector[start:index])
            start = index + 1
    terms.append(selector[start:])
    return terms


def _unescape_selector_value(value: str) -> str | None:
    """A selector value without its backslashes; None where the server finds it malformed (fields.UnescapeValue)."""
    if not any(char in value for char in "\\,="):
        return value
    out, escaped = [], False
    for char in value:
        if escaped:
            if char not in "\\,=":
                return None
            out.append(char)
            escaped = False
        elif char == "\\":
            escaped = True
        elif char in ",=":
            return None
        else:
            out.append(char)
    return None if escaped else "".join(out)


def first_values(query: str) -> dict[str, str]:
    """The first value of each query parameter, read as Go's net/url.ParseQuery reads it.

    Pairs with a semicolon or a malformed escape are dropped, as there.
    """
    values: dict[str, str] = {}
    for pair in query.split("&"):
        if not pair or ";" in pair:
            continue
        raw_key, _, raw_value = pair.partition("=")
        key = _unescape(raw_key.replace("+", " "))
        value = _unescape(raw_value.replace("+", " "))
        if key is not None and value is not None:
            values.setdefault(key, value)
    return values


def _split_target(target: str) -> tuple[str, str]:
    """A request target's path and query; scheme and authority of an absolute form are dropped."""
    path, _, query = target.partition("?")
    if not path.startswith("/") and "://" in path:
        after = path.partition("://")[2]
        slash = after.find("/")
        path = after[slash:] if slash >= 0 else ""
    return path, query


def _unescape(text: str) -> str | None:
    """`text` percent-decoded; None if an escape is malformed."""
    at = text.find("%")
    if at < 0:
        return text
    while at >= 0:
        if len(text) < at + 3 or text[at + 1] not in _HEX or text[at + 2] not in _HEX:
            return None
        at = text.find("%", at + 3)
    return unquote_to_bytes(text.encode("utf-8", "surrogateescape")).decode("utf-8", "replace")


def _segments(path: str) -> list[str]:
    """A path's segments without the slashes around them."""
    path = path.strip("/")
    return path.split("/") if path else []


def _is_go_int(text: str) -> bool:
    """Whether strconv.ParseInt(text, 10, 64) accepts it."""
    digits = text[1:] if text[:1] in {"+", "-"} else text
    significant = digits.lstrip("0")
    if not (digits.isascii() and digits.isdigit()) or len(significant) > 19:
        return False
    value = int(significant or "0")
    return -(1 << 63) <= (-value if text[0] == "-" else value) < 1 << 63
