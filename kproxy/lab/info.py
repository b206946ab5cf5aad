"""What a lab tells about itself: the JSON file that KPROXY_LAB names, and the only thing `record` reads of it."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from kproxy.errors import LabError
from kproxy.model.jsontypes import JSONObject

FORMAT = "kproxy-lab/1"
MAX_SIZE = 1024 * 1024  # bytes; ours has about one kilobyte

_MAPPINGS = {"pids", "controllers", "controller_versions"}
_LISTS = {"etcd_endpoints", "nodes"}


@dataclass(frozen=True, slots=True, kw_only=True)
class LabInfo:
    """A running lab.

    `kind`: emulated | kube-apiserver; versions as the servers say them (v1.37.2, 3.6.16); `etcd_endpoints`: URLs,
    of etcd itself; `etcd_relay`: the feed of the relay between the server and etcd, "" without;
    `etcd_cacert`, `etcd_cert`, `etcd_key`: files, "" while etcd listens on loopback without TLS; `pids` by the
    servers' names; `folder`: everything of this lab; `assets`: the folder that held the binaries, "" if none.
    `controllers`: kubeconfig files by the controllers' users, in a lab that has or can have them;
    `controller_versions` by program; `nodes`: kwok's.
    """

    kind: str
    url: str
    kubeconfig: str
    user_kubeconfig: str
    server_version: str
    etcd_version: str
    etcd_endpoints: tuple[str, ...]
    etcd_cacert: str = ""
    etcd_cert: str = ""
    etcd_key: str = ""
    etcd_relay: str = ""
    audit_log: str = ""
    folder: str = ""
    assets: str = ""
    probe_user: str = ""
    pids: tuple[tuple[str, int], ...] = ()
    controllers: tuple[tuple[str, str], ...] = ()
    controller_versions: tuple[tuple[str, str], ...] = ()
    nodes: tuple[str, ...] = ()

    def as_json(self) -> JSONObject:
        """The file's content."""
        document: JSONObject = {"format": FORMAT}
        for name, value in asdict(self).items():
            if name in _MAPPINGS:
                document[name] = dict(value)
            elif name in _LISTS:
                document[name] = list(value)
            else:
                document[name] = value
        return document


def write_lab(info: LabInfo, path: Path) -> None:
    """Writes the file, readable for its owner only."""
    path.touch(mode=0o600)
    path.write_text(json.dumps(info.as_json(), indent=2) + "\n")


def read_lab(path: str | Path) -> LabInfo:
    """Reads a file that KPROXY_LAB names. LabError if there is none or it is not one of ours."""
    try:
        with Path(path).open("rb") as file:
            data = file.read(MAX_SIZE + 1)
        document = json.loads(data) if len(data) <= MAX_SIZE else None
    except OSError as error:
        raise LabError(
            f"cannot read the lab's file {path}: {error.strerror}; unset KPROXY_LAB or start a new lab"
        ) from error
    except (ValueError, RecursionError) as error:
        raise LabError(f"the lab's file {path} is no JSON; unset KPROXY_LAB or start a new lab") from error
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise LabError(f"{path} is no lab's file of this kproxy (it has no format {FORMAT})")
    try:
        return _info(document)
    except (KeyError, TypeError, ValueError) as error:
        raise LabError(
            f"the lab's file {path} has a wrong or missing entry: {error}; unset KPROXY_LAB or start a new lab"
        ) from error


def _info(document: JSONObject) -> LabInfo:
    texts = {name: _text(document, name) for name in LabInfo.__dataclass_fields__ if name not in _MAPPINGS | _LISTS}
    pids = document["pids"]
    if not isinstance(pids, dict):
        raise TypeError("pids is no mapping")
    return LabInfo(
        **texts,
        etcd_endpoints=_texts(document, "etcd_endpoints"),
        pids=tuple((name, pid) for name, pid in pids.items() if isinstance(pid, int)),
        controllers=_pairs(document, "controllers"),
        controller_versions=_pairs(document, "controller_versions"),
        nodes=_texts(document, "nodes"),
    )


def _text(document: JSONObject, name: str) -> str:
    value = document[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is no text")
    return value


def _texts(document: JSONObject, name: str) -> tuple[str, ...]:
    value = document[name]
    if not isinstance(value, list):
        raise TypeError(f"{name} is no list")
    return tuple(str(each) for each in value)


def _pairs(document: JSONObject, name: str) -> tuple[tuple[str, str], ...]:
    value = document[name]
    if not isinstance(value, dict):
        raise TypeError(f"{name} is no mapping")
    return tuple((key, str(each)) for key, each in value.items())
