"""The plugin: the marker `kproxy`, the fixtures `kproxy`, `kproxy_lab`, `kproxy_program`."""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from pytest_kproxy.cassette import MODES, Cassette, CassetteError, Cluster
from pytest_kproxy.program import Kproxy, KproxyError

_OUTCOME = pytest.StashKey[bool]()
_OPTIONS = frozenset({"record", "server", "repeat", "allow_missing", "record_on_exception"})
_SAFE = re.compile(r"[^A-Za-z0-9._-]+")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options and settings."""
    group = parser.getgroup("kproxy", "Kubernetes API cassettes")
    group.addoption("--kproxy-record", choices=MODES, help="How cassettes are recorded, whatever the markers say.")
    group.addoption(
        "--kproxy-server", metavar="SERVER", help="What is recorded: emulated (default), kube-apiserver, context:NAME."
    )
    parser.addini("kproxy_cassettes", "The cassettes' folder, from the test file's own.", default="cassettes")
    parser.addini("kproxy_record", "The record mode where neither an option nor a marker names one.", default="once")
    parser.addini("kproxy_server", "What is recorded where nothing else says so.", default="emulated")


def pytest_configure(config: pytest.Config) -> None:
    """The marker."""
    config.addinivalue_line(
        "markers",
        "kproxy(name, record=, server=, repeat=, allow_missing=, record_on_exception=): the fixture `kproxy` is a "
        "cluster out of the cassette of this name (default: the test's own).",
    )


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Note whether the test itself failed: the fixture's end wants to know."""
    report = yield
    if report.when == "call":
        item.stash[_OUTCOME] = report.failed
    return report


@pytest.fixture(scope="session")
def kproxy_program() -> Kproxy:
    """The program: `run` a command of its, or get a `verdict`."""
    try:
        return Kproxy.find()
    except KproxyError as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def kproxy(request: pytest.FixtureRequest, kproxy_program: Kproxy) -> Iterator[Cluster]:
    """A cluster out of the test's cassette."""
    cassette = cassette_of(request, kproxy_program)
    try:
        with cassette.inserted() as cluster:
            yield cluster
            if request.node.stash.get(_OUTCOME, False):
                cassette.failed()
    except (CassetteError, KproxyError) as error:
        pytest.fail(str(error), pytrace=False)


@pytest.fixture
def kproxy_lab(request: pytest.FixtureRequest, kproxy_program: Kproxy) -> Iterator[Cluster]:
    """A fresh server of the test's own, not recorded; `kproxy.env` has ETCDCTL_ENDPOINTS and KPROXY_LAB too."""
    held = kproxy_program.hold("lab", "run", "--server", _setting(request, "server", {}))
    try:
        yield Cluster(held.told(), recording=True)
    except KproxyError as error:
        pytest.fail(str(error), pytrace=False)
    finally:
        held.end()


def cassette_of(request: pytest.FixtureRequest, program: Kproxy) -> Cassette:
    """The cassette that a test's marker names. pytest.UsageError for a marker that is none."""
    marker = request.node.get_closest_marker("kproxy")
    said = dict(marker.kwargs) if marker is not None else {}
    if unknown := said.keys() - _OPTIONS:
        raise pytest.UsageError(f"@pytest.mark.kproxy knows no {', '.join(sorted(unknown))}")
    name = str(marker.args[0]) if marker is not None and marker.args else request.node.name
    mode = _setting(request, "record", said)
    if mode not in MODES:
        raise pytest.UsageError(f"{mode!r} is no record mode: {', '.join(MODES)}")
    folder = Path(request.path).parent / str(request.config.getini("kproxy_cassettes"))
    return Cassette(
        program,
        folder / (_SAFE.sub("-", name).strip(".-") or "cassette"),
        mode=mode,
        server=_setting(request, "server", said),
        repeat=bool(said.get("repeat", True)),
        allow_missing=bool(said.get("allow_missing", False)),
        record_on_exception=bool(said.get("record_on_exception", True)),
    )


def _setting(request: pytest.FixtureRequest, name: str, said: dict[str, object]) -> str:
    """The option's, else the marker's, else the ini file's."""
    option = request.config.getoption(f"--kproxy-{name}")
    return str(option or said.get(name) or request.config.getini(f"kproxy_{name}"))
