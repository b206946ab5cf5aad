"""Which process is which part, and what it used."""

import os
import subprocess
import sys

import pytest

from tests.controlplane.soak.meter import below, look, part, used

PYTHON = "/v/bin/python"


@pytest.mark.parametrize(
    ("arguments", "name"),
    [
        ([PYTHON, "/v/bin/kproxy", "record", "-o", "x", "--", "kproxy", "lab", "controllers"], "proxy"),
        ([PYTHON, "-P", "-m", "kproxy.record"], "recorder"),
        ([PYTHON, "-P", "-m", "kproxy", "etcd-relay", "--etcd", "http://127.0.0.1:1"], "relay"),
        ([PYTHON, "/v/bin/kproxy", "lab", "run", "--", "/v/bin/kproxy", "record"], ""),
        (["/c/etcd", "--name=lab"], "etcd"),
        (["/c/etcdctl", "watch"], ""),
        (["sh", "-c", "record"], ""),
        ([], ""),
    ],
)
def test_a_command_line_is_a_part_or_none(arguments: list[str], name: str) -> None:
    assert part(arguments) == name


@pytest.mark.process
def test_what_descends_from_a_process_is_found() -> None:
    words = [sys.executable, "-c", "input()", "kproxy", "etcd-relay"]
    with subprocess.Popen(words, stdin=subprocess.PIPE) as child:
        try:
            assert child.pid in set(below(os.getpid()))
            assert look(os.getpid())["relay"]["rss"] > 0
        finally:
            child.communicate(b"\n")


def test_the_most_of_it_is_told() -> None:
    lines = [{"etcd": {"cpu": 1.0, "rss": 5.0}}, {"etcd": {"cpu": 2.0, "rss": 3.0}, "kwok": {"cpu": 0.5, "rss": 1.0}}]
    assert used(lines) == {"etcd": (2.0, 5.0), "kwok": (0.5, 1.0)}
