"""The state that an answer shows, whatever a server chose of it: two answers of one state say the same to who waits.

Left out are resourceVersions, managedFields, uids, times, ages, addresses, and the ends of generated names. Pure.
"""

import json
import re
from hashlib import sha256

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.derived import TOKEN_VOLUME
from kproxy.renaming.kinds import UUID, is_time
from kproxy.wire.content import ContentError, decode
from kproxy.wire.watchevents import WatchEvent

_CHOSEN = frozenset(
    {
        "resourceVersion",
        "managedFields",
        "uid",
        "selfLink",
        "continue",
        "remainingItemCount",
        "clusterIP",
        "clusterIPs",
        "nodePort",
        "healthCheckNodePort",
        "podIP",
        "podIPs",
        "hostIP",
        "hostIPs",
        "containerID",
    }
)
_AGES = frozenset({"Age", "Last Seen", "First Seen", "Duration"})
_EVENT = re.compile(r"\.[0-9a-f]{14,16}$")
"""The end of an event's name: the time at which it was made."""

_REFUSED = 400


def state_of(status: int, media_type: str, data: bytes) -> str:
    """A state's digest. Of a refusal its status and reason are all that counts."""
    try:
        document = decode(media_type, data)
    except ContentError:
        return _digest([status, sha256(data).hexdigest()])
    if status >= _REFUSED:
        return _digest([status, document.get("reason") if isinstance(document, dict) else None])
    return _digest([status, _plain(document)])


def event_state(event: WatchEvent) -> str:
    """The state that a watch's event shows: of what is gone, that it is; of another one the object's."""
    gone = event.type == "DELETED"
    shown = _plain(event.object)
    metadata = shown.get("metadata") if isinstance(shown, dict) and gone else None
    named = metadata.get("name") if isinstance(metadata, dict) else None
    return _digest([gone, event.type == "BOOKMARK", named if gone else shown])


def _digest(value: JSON) -> str:
    return sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()


def _plain(value: JSON) -> JSON:
    if isinstance(value, dict):
        return _plain_object(value)
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if isinstance(value, str):
        return "" if is_time(value) else UUID.sub("", value)
    return value


def _plain_object(value: JSONObject) -> JSONObject:
    found: JSONObject = {name: _plain(each) for name, each in value.items() if name not in _CHOSEN}
    prefix = value.get("generateName")
    if isinstance(prefix, str) and isinstance(value.get("name"), str):
        found["name"] = prefix
    elif isinstance(name := value.get("name"), str):
        found["name"] = TOKEN_VOLUME if name.startswith(TOKEN_VOLUME) else _EVENT.sub("", name)
    if value.get("nodeName"):
        found["nodeName"] = ""  # which one it is the scheduler's choice
    if isinstance(items := found.get("items"), list):
        found["items"] = sorted(items, key=lambda each: json.dumps(each, sort_keys=True))
    if isinstance(rows := value.get("rows"), list):
        found["rows"] = _rows(value.get("columnDefinitions"), rows)
    return found


def _rows(columns: JSON, rows: list[JSON]) -> list[JSON]:
    """A Table's rows without ages and generated names: the object beside the cells says what of its name counts."""
    names = [each.get("name") for each in columns if isinstance(each, dict)] if isinstance(columns, list) else []
    found: list[JSON] = []
    for row in rows:
        if not isinstance(row, dict):
            found.append(_plain(row))
            continue
        cells = row.get("cells")
        kept: list[JSON] = [
            _plain(cell)
            for index, cell in enumerate(cells if isinstance(cells, list) else [])
            if index >= len(names) or names[index] not in {*_AGES, "Name", "IP", "Node"}
        ]
        found.append([kept, _plain(row.get("object"))])
    return sorted(found, key=lambda each: json.dumps(each, sort_keys=True))
