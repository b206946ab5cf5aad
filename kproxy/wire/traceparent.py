"""W3C's trace context: which trace and which span of it a call belongs to (https://www.w3.org/TR/trace-context/)."""

_HEX = frozenset(b"0123456789abcdef")


def parse_traceparent(value: bytes) -> tuple[str, str] | None:
    """The trace id and the parent id, lower-case hex digits; None for what is no traceparent.

    Upper case is borne, as are later versions, which may say more behind the flags.
    """
    value = value.strip().lower()
    version, trace, parent, flags = value[:2], value[3:35], value[36:52], value[53:55]
    if len(value) < 55 or value[2:3] + value[35:36] + value[52:53] != b"---" or version == b"ff":
        return None
    if value[55:] and (version == b"00" or value[55:56] != b"-"):
        return None
    if not _HEX.issuperset(version + trace + parent + flags) or not trace.strip(b"0") or not parent.strip(b"0"):
        return None
    return trace.decode(), parent.decode()
