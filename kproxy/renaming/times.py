"""Times as the API writes them, read exactly enough to put them in order."""

import re
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from functools import lru_cache

_DURATION = re.compile(r"(\d+)([ydhms])")
_UNITS = {"y": 365 * 86400, "d": 86400, "h": 3600, "m": 60, "s": 1}
_FRACTION = re.compile(r"\.\d+")


@lru_cache(maxsize=1024)
def seconds(text: str) -> int | None:
    """An RFC 3339 time in whole seconds since 1970 (the API's resolution for most fields), None if it is none."""
    try:
        return int(datetime.fromisoformat(_FRACTION.sub("", text)).timestamp())
    except (ValueError, OverflowError):
        return None


@lru_cache(maxsize=1024)
def http_seconds(text: str) -> int | None:
    """An HTTP date in seconds since 1970, None if it is none."""
    try:
        when = parsedate_to_datetime(text)
        return int(when.replace(tzinfo=when.tzinfo or UTC).timestamp())
    except (ValueError, TypeError, IndexError, OverflowError):
        return None


def age_range(text: str) -> tuple[int, int] | None:
    """The seconds that an age of a Table can mean, from least to most: `5m30s` is one value, `3h` a whole hour.

    Source: k8s.io/apimachinery/pkg/util/duration.HumanDuration, which leaves smaller units out. None if it is no age.
    """
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text or len(text) > 20:
        return None
    least = sum(int(number) * _UNITS[unit] for number, unit in parts)
    return least, least + _UNITS[parts[-1][1]]
