"""Tokens and the files that hold them."""

import base64
import csv
from pathlib import Path

from kproxy.lab.users import make_users, write_kubeconfig, write_token_file


def test_tokens_are_fresh_and_never_in_a_repr() -> None:
    first, second = make_users(), make_users()
    assert len({user.token for user in first + second}) == 6
    assert first[0].token not in repr(first)


def test_the_token_file_is_what_kube_apiserver_reads(tmp_path: Path) -> None:
    users = make_users()
    path = tmp_path / "tokens.csv"
    write_token_file(path, users)
    rows = list(csv.reader(path.read_text().splitlines()))
    assert rows[0] == [users[0].token, "kproxy-admin", "kproxy-admin", "system:masters"]
    assert rows[1][3] == ""
    assert path.stat().st_mode & 0o777 == 0o600


def test_the_kubeconfig_is_for_its_owner_only(tmp_path: Path) -> None:
    user = make_users()[0]
    path = tmp_path / "kubeconfig"
    write_kubeconfig(path, "https://127.0.0.1:1", base64.b64encode(b"CA").decode(), user)
    assert user.token in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
