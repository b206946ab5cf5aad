"""Where a replay goes, read from `--on`."""

from pathlib import Path

import pytest

from kproxy.errors import ReplayError, UsageError
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.settings import LabSettings
from kproxy.model.session import Server
from kproxy.session.etcds import Stores
from kproxy.session.target import TargetWish, parse_target, reached

REAL = Server(kind="kube-apiserver", version="v1.37.2")


def parsed(words: str, recorded: Server = REAL, assets: Path | None = None) -> TargetWish:
    return parse_target(words, recorded, assets=assets, allow_old_etcd=False)


@pytest.mark.parametrize(
    ("words", "recorded", "server", "version"),
    [
        ("fresh", REAL, "kube-apiserver", "v1.37.2"),
        ("fresh", Server(kind="emulated", version="v1.37.2+kproxy"), "emulated", None),
        ("fresh", Server(version="v1.36.1-eks-1"), "kube-apiserver", "v1.36.1"),
        ("fresh", Server(version="v1.36.1+k3s1"), "kube-apiserver", "v1.36.1"),
        ("fresh:emulated", REAL, "emulated", None),
        ("fresh:kube-apiserver", REAL, "kube-apiserver", None),
        ("fresh:kube-apiserver@1.34.0", REAL, "kube-apiserver", "v1.34.0"),
        ("fresh:kube-apiserver@v1.34.0", REAL, "kube-apiserver", "v1.34.0"),
    ],
)
def test_fresh_is_a_lab_of_the_kind_and_version(words: str, recorded: Server, server: str, version: str | None) -> None:
    lab = parsed(words, recorded, Path("/assets")).lab
    assert lab is not None
    assert (lab.server, lab.version, lab.assets) == (server, version, Path("/assets"))


def test_a_context_and_a_url_are_taken_as_they_are() -> None:
    assert parsed("context:fresh:emulated") == TargetWish(context="fresh:emulated")
    assert parsed("https://10.0.0.1:6443") == TargetWish(url="https://10.0.0.1:6443")


@pytest.mark.parametrize(
    "words", ["", "Fresh", "fresh:", "fresh:emulated@1.37.2", "fresh:kube-apiserver@1.37", "fresh@1.37.2"]
)
def test_what_it_cannot_be_is_refused_with_what_it_can_be(words: str) -> None:
    with pytest.raises(UsageError, match="context:NAME or a URL"):
        parsed(words)


def test_fresh_needs_a_recording_that_says_what_it_was_made_on() -> None:
    with pytest.raises(ReplayError, match="--on fresh:kube-apiserver"):
        parsed("fresh", Server())


def test_a_context_without_a_name_is_never_the_current_one() -> None:
    with pytest.raises(UsageError, match="names no context"):
        parsed("context:")


def test_somebodys_etcd_is_never_that_of_a_fresh_server() -> None:
    theirs = EtcdSettings(endpoints=("http://127.0.0.1:1",))
    with pytest.raises(UsageError, match="an etcd of its own"), reached(TargetWish(lab=LabSettings()), theirs, {}):
        pytest.fail("it was reached")


def test_another_prefix_in_etcd_is_refused_where_a_fresh_server_has_its_own() -> None:
    fresh = TargetWish(lab=LabSettings())
    with (
        pytest.raises(UsageError, match="keeps its keys under /registry"),
        reached(fresh, None, {}, Stores(prefix="/k")),
    ):
        pytest.fail("it was reached")


def test_a_target_that_is_none_is_named_without_a_password() -> None:
    with pytest.raises(UsageError, match="context:NAME or a URL") as refused:
        parsed("HTTPS://user:secretpw@host")
    assert "secret" not in str(refused.value)
