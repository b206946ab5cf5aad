"""Who may use a lab: an admin, a second user with small rights, the lab's own probe, and the controllers."""

import csv
import io
import secrets
from dataclasses import dataclass, field
from pathlib import Path

import yaml

from kproxy.errors import LabError

ADMIN = "kproxy-admin"
VIEWER = "kproxy-viewer"
PROBE = "kproxy-lab"
"""The user of the lab's own requests, so that whoever reads the audit log can leave them out."""

CONTROLLER_MANAGER = "system:kube-controller-manager"
SCHEDULER = "system:kube-scheduler"
"""As RBAC's bootstrap policy knows them: their rights are there from the start."""

KWOK = "kwok"
CONTROLLERS = (CONTROLLER_MANAGER, SCHEDULER, KWOK)

MASTERS = "system:masters"
VIEWER_VERBS = ("get", "list", "watch")
VIEWER_RESOURCES = ("pods", "configmaps")
VIEWER_NAMESPACE = "default"


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """One line of the token file. `token` is left out of repr, so that no log shows it."""

    name: str
    token: str = field(repr=False)
    groups: tuple[str, ...] = ()


def make_users() -> tuple[User, User, User]:
    """Admin, viewer and probe, with tokens of their own."""
    return (
        User(name=ADMIN, token=secrets.token_hex(24), groups=(MASTERS,)),
        User(name=VIEWER, token=secrets.token_hex(24)),
        User(name=PROBE, token=secrets.token_hex(24), groups=(MASTERS,)),
    )


def make_controller_users() -> tuple[User, ...]:
    """The controllers' users, with tokens of their own."""
    return tuple(User(name=name, token=secrets.token_hex(24)) for name in CONTROLLERS)


def write_token_file(path: Path, users: tuple[User, ...]) -> None:
    """The static token file that kube-apiserver reads: token,user,uid,"group,group"; for its owner only."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    for user in users:
        writer.writerow([user.token, user.name, user.name, ",".join(user.groups)])
    path.touch(mode=0o600)
    path.write_text(text.getvalue())


def read_token_file(path: Path) -> dict[str, User]:
    """The users of such a file, by name. LabError if it cannot be read."""
    try:
        rows = list(csv.reader(path.read_text("utf-8").splitlines()))
        return {
            name: User(name=name, token=token, groups=tuple(filter(None, groups.split(","))))
            for token, name, _, groups in rows
        }
    except (OSError, ValueError, csv.Error) as error:
        raise LabError(f"the lab's token file {path} cannot be read: {error}") from error


def write_kubeconfig(path: Path, url: str, ca: str, user: User) -> None:
    """A kubeconfig with one context; `ca`: the CA's certificate as base64 of PEM. For its owner only."""
    name = "kproxy-lab"
    document = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [{"name": name, "cluster": {"server": url, "certificate-authority-data": ca}}],
        "users": [{"name": user.name, "user": {"token": user.token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user.name, "namespace": "default"}}],
    }
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(document, sort_keys=False))
