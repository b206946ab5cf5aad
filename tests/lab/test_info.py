"""The file that KPROXY_LAB names."""

import json
from pathlib import Path

import pytest

from kproxy.errors import LabError
from kproxy.lab.info import MAX_SIZE, LabInfo, read_lab, write_lab

INFO = LabInfo(
    kind="emulated",
    url="https://127.0.0.1:1",
    kubeconfig="/k",
    user_kubeconfig="/u",
    server_version="v1.37.2",
    etcd_version="3.6.16",
    etcd_endpoints=("http://127.0.0.1:2",),
    pids=(("etcd", 5),),
)


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "lab.json"
    write_lab(INFO, path)
    assert read_lab(path) == INFO
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("{", "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ("[]", "is no lab's file"),
        ('{"format":"other"}', "is no lab's file"),
        (" " * (MAX_SIZE + 1), "is no lab's file"),
        (json.dumps(INFO.as_json() | {"url": 5}), "url is no text"),
        (json.dumps({key: value for key, value in INFO.as_json().items() if key != "pids"}), "'pids'"),
    ],
)
def test_a_file_that_is_none_of_ours_is_one_sentence(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "lab.json"
    path.write_text(content)
    with pytest.raises(LabError, match=sentence):
        read_lab(path)


def test_a_missing_file_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(LabError, match=r"cannot read the lab's file .*No such file"):
        read_lab(tmp_path / "none")
