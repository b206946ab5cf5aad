"""What clients' logs complain of, without what is another each time: names, numbers, places in the source."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

KNOWN = (
    (r"read version: N is not as new as written version: N", "a controller's cache lags behind its own write"),
    (r"informer cache is out of date", "the same"),
    (r"unexpected items still remain in namespace", "a namespace's pods take a second to go"),
    (r"failed to list \*vN.PartialObjectMetadata: the server could not find the requested resource", "a CRD is gone"),
    (r"Failed to watch.*the server could not find the requested resource.*PartialObjectMetadata", "the same"),
    (r"The manifest file is empty, ignoring", "said at every start"),
    (r"broadcaster already stopped", "said at the end"),
    (r"kwok: Failed to run server: context canceled", "said at the end, now and then"),
    (r"sync NAME failed with replicasets.apps NAME not found", "its namespace is deleted while it is worked on"),
    (r"failed to delete pod NAME: .*not found", "kwok deletes what is gone already"),
    (r"superfluous response.WriteHeader", "kwok's exec"),
)
"""Complaints (their cause, in words) that come and go with the timing of a run, without kproxy too: each was seen in a
soak without it, but the replica set's, which is an answer of the api-server's to a client that is too late. A control
run of 45 seconds does not have them all each time."""

_MASKS = (
    (re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"), "UID"),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z?"), "TIME"),
    (re.compile(r"\\?\"?((default|kube-system)/)?(soak|kproxy-lab-probe)[-\w./]*\\?\"?"), "NAME"),
    (re.compile(r"127\.0\.0\.1:\d+"), "ADDRESS"),
    (re.compile(r"\d+"), "N"),
)
_KLOG = re.compile(r"^[EF]\d{4} \S+\s+\d+ ([\w.]+):\d+\] (.*)$")


def complaints(folder: Path) -> Counter[str]:
    """How often each was made, in a soak's folder: by controller-manager, scheduler, kwok and kubectl."""
    found: Counter[str] = Counter()
    for name in ("kube-controller-manager", "kube-scheduler"):
        found.update(f"{name}: {masked(said)}" for said in klog_errors(folder / "logs" / f"{name}.log"))
    found.update(f"kwok: {masked(said)}" for said in kwok_errors(folder / "logs" / "kwok.log"))
    found.update(f"kubectl: {masked(said)}" for said in kubectl_errors(folder / "kubectl.jsonl"))
    return found


def unknown(found: Counter[str]) -> Counter[str]:
    """Those that are not KNOWN."""
    return Counter(
        {said: count for said, count in found.items() if not any(re.search(known, said) for known, _ in KNOWN)}
    )


def masked(said: str) -> str:
    """A complaint without what is another each time."""
    for pattern, mask in _MASKS:
        said = pattern.sub(mask, said)
    return said[:400]


def klog_errors(log: Path) -> Iterator[str]:
    """The E and F lines, as "file: message"."""
    for line in log.read_text().splitlines():
        found = _KLOG.match(line)
        if found:
            yield f"{found[1]}: {found[2]}"


def kwok_errors(log: Path) -> Iterator[str]:
    """Kwok logs JSON; whatever is none (a panic) is an error too."""
    for line in log.read_text().splitlines():
        try:
            entry = json.loads(line)
        except ValueError:
            yield line
            continue
        if entry.get("level") == "ERROR":
            yield f"{entry.get('msg')}: {entry.get('err', '')}"


def kubectl_errors(log: Path) -> Iterator[str]:
    """Commands that failed and should not have, or the other way."""
    for line in log.read_text().splitlines():
        entry = json.loads(line)
        if (entry["code"] != 0) != entry["fails"]:
            words = " ".join(word for word in entry["args"] if not word.startswith("{"))
            yield f"{words}: {entry['stderr'] or 'succeeded, and should not have'}"
