"""What answers tell of their own object only, and which requests could use that.

A uid, versions and times are all that most creations choose. Whoever names them says a uid, `resourceVersion` or a
time; a request that says none of these goes out the same, whether the answer was learned from or not.
"""

import re
from functools import lru_cache
from urllib.parse import unquote

from kproxy.model.exchange import Headers
from kproxy.renaming.derived import TOKEN_VOLUME
from kproxy.renaming.pseudonyms import MARKS

_CHOSEN = tuple(
    each.encode()
    for each in (
        *("generateName", "service-account", TOKEN_VOLUME),  # names that a server draws; of other forms a client does
        *("hash", "Revision"),  # HASH_FIELDS have one of them, as short as they are quickly looked for
        *("clusterIP", "odePort", "RangeAllocation"),
        *('"continue"', '"Table"', "TokenRequest", "serverAddress"),
        *('"kubernetes"', "extension-apiserver-authentication"),  # where the api-server listens, whom it believes
        "token-tracking",  # since when it is there
        *MARKS,
        "\\u",  # it may be any of them
    )
)
"""What stands in an answer that tells more than uids, versions and times: of every other kind (kinds.py) one."""

_UID = re.compile(r"-(?<=[0-9a-f]{8}-)[0-9a-f]{4}-[0-9a-f]{4}-")
"""What a uid begins with, whatever stands before it (`\\n` of a text in a text); looked for by its first dash."""

_TIME = re.compile(r"T(?<=\d\dT)\d\d:\d\d:")


def tells_only_itself(media_type: str, answer: bytes) -> bool:
    """Whether all that can be learned from an answer are uids, versions and times: told without decoding it."""
    if "json" not in media_type:
        return False
    for each in _CHOSEN:  # noqa: SIM110 - a generator costs as much as the search does
        if each in answer:
            return False
    return True


def may_use(target: str, headers: Headers, media_type: str, body: bytes) -> bool:
    """Whether a request says a uid, a version or a time, so that its image depends on what such answers told."""
    if "resourceVersion" in target or _says(unquote(target) if "%" in target else target) or _any_says(headers):
        return True
    if not body:
        return False
    if "json" not in media_type or b"resourceVersion" in body or b"\\u" in body:
        return True
    return _says(body.decode("latin-1"))


@lru_cache(maxsize=256)
def _any_says(headers: Headers) -> bool:
    return any(_says(value) for _, value in headers)


def _says(text: str) -> bool:
    """A uid or a time."""
    return _UID.search(text) is not None or _TIME.search(text) is not None
