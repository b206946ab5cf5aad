"""Bisecting on the emulated server, in front of which another one begins to lie once two things have happened.

KPROXY_BISECT sets the session's exchanges: 5000 (`make nightly`) gives the figure that docs/bisect.md has. The few that
there are else take as many halvings as show that it halves; each part costs the start of servers.
"""

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

import pytest

from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.lab.settings import LabSettings
from kproxy.model.exchange import Seq
from kproxy.model.verdict import Outcome
from kproxy.session.bisect import BisectSettings, bisect
from kproxy.session.compare import compare_recordings
from kproxy.session.opened import opened
from kproxy.session.replay import ReplaySettings
from kproxy.session.target import Target, TargetWish, reached
from tests.mutants.lies import Asked, Behind, Lie, Said, documents, put
from tests.mutants.server import mutating_server

pytestmark = pytest.mark.process

EXCHANGES = int(os.environ.get("KPROXY_BISECT", "9"))
SESSION = """
import json, os, ssl, sys, http.client, urllib.parse
url = urllib.parse.urlsplit(os.environ["KPROXY_URL"])
context = ssl.create_default_context(cafile=os.environ["KPROXY_CA"])
client = http.client.HTTPSConnection(url.hostname, url.port, context=context)
headers = {"Authorization": "Bearer " + os.environ["KPROXY_TOKEN"], "Content-Type": "application/json"}
PATH = "/api/v1/namespaces/default/configmaps"

def ask(method, path, body=None):
    client.request(method, path, json.dumps(body) if body else None, headers)
    answer = client.getresponse()
    return answer.status, json.loads(answer.read())

def make(name):
    assert ask("POST", PATH, {"metadata": {"name": name}, "data": {"x": name}})[0] == 201

total = int(sys.argv[1]) // 3
for number in range(total):
    make(f"other-{number}")
    ask("GET", f"{PATH}/other-{number}")
    if number == total // 3:
        make("first")
    if number == total // 2:
        ask("DELETE", f"{PATH}/first")
    if number == total - 1:
        make("second")
    ask("DELETE", f"{PATH}/other-{number}")
print(ask("GET", f"{PATH}/second")[0])
"""


class Stateful(Lie):
    """Once `first` was deleted, `second` is shown with other data."""

    deleted = False

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:  # noqa: ARG002 - a Lie
        if asked.method == "DELETE" and asked.path.endswith("/first") and said.status == 200:
            self.deleted = True
        if self.deleted and asked.method == "GET" and asked.path.endswith("/second") and said.status == 200:
            return documents(put("lie", "data", "x"))(said)
        return said


class Forgetful(Lie):
    """`second` is never found, whether or not it was made."""

    async def said(self, asked: Asked, said: Said, behind: Behind) -> Said:  # noqa: ARG002 - a Lie
        return replace(said, status=404) if asked.method == "GET" and asked.path.endswith("/second") else said


@contextmanager
def honest() -> Iterator[tuple[Target, None]]:
    with reached(TargetWish(lab=LabSettings(relay=False)), None, {}) as target:  # a start costs less without
        yield target, None


@contextmanager
def lying(kind: type[Lie] = Stateful) -> Iterator[tuple[Target, None]]:
    with honest() as (target, _), _in_front_of(target.upstream, kind()) as url:
        yield replace(target, upstream=upstream_from_url(url), viewer=None), None


@contextmanager
def _in_front_of(upstream: Upstream, lie: Lie) -> Iterator[str]:
    started: Future[str] = Future()
    loop = asyncio.new_event_loop()
    ended = asyncio.Event()

    async def serve() -> None:
        async with mutating_server(upstream, lie) as url:
            started.set_result(url)
            await ended.wait()

    thread = threading.Thread(target=loop.run_until_complete, args=(serve(),))
    thread.start()
    try:
        yield started.result(60)
    finally:
        loop.call_soon_threadsafe(ended.set)
        thread.join(60)
        loop.close()


def record(tmp_path: Path, exchanges: int = EXCHANGES) -> Path:
    recorded = tmp_path / "session.kproxy"
    kproxy = [sys.executable, "-m", "kproxy"]
    client = [sys.executable, "-c", SESSION, str(exchanges)]
    command = [*kproxy, "lab", "run", "--", *kproxy, "record", "-o", str(recorded), "--", *client]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert done.stdout == "200\n"
    return recorded


@pytest.mark.timeout(1800)
def test_a_session_comes_down_to_the_few_exchanges_that_show_the_fault(tmp_path: Path) -> None:
    recorded, smallest = record(tmp_path), tmp_path / "smallest.kproxy"
    (tmp_path / "work").mkdir()
    replay = ReplaySettings(output=tmp_path / "work" / "replayed.kproxy", state_home=tmp_path / "state", force=True)
    said: list[str] = []
    settings = BisectSettings(replay=replay, output=smallest, tell=said.append)
    found = bisect(str(recorded), lying, honest, settings)
    assert found.difference is not None
    assert (found.difference.path, found.difference.replayed) == ("$.data.x", "lie")
    told = [(each.request.method, each.request.target.rpartition("/")[2]) for each in found.exchanges]
    print(found.whole, "exchanges came down to", told, "with", found.attempts, "parts")  # noqa: T201 - pytest -s
    assert found.whole >= EXCHANGES
    assert told == [("POST", "configmaps"), ("DELETE", "first"), ("POST", "configmaps"), ("GET", "second")]
    assert found.attempts <= 30
    assert said[-1] == "4 exchanges: it shows"
    with opened(str(smallest)) as part:
        assert {each.seq for each in part.recording.exchanges()} == {each.seq for each in found.exchanges}
        assert "bisect kept" in part.recording.session.capture
    assert compare_recordings(str(smallest), str(smallest)).outcome is Outcome.IDENTICAL


@pytest.mark.timeout(600)
def test_a_part_in_which_the_reference_answers_in_the_same_way_does_not_count(tmp_path: Path) -> None:
    """Without the creation the target says 404, as in the whole session: the reference does so, too."""
    recorded, smallest = record(tmp_path, exchanges=3), tmp_path / "smallest.kproxy"
    replay = ReplaySettings(output=tmp_path / "replayed.kproxy", state_home=tmp_path / "state", force=True)
    said: list[str] = []
    settings = BisectSettings(replay=replay, output=smallest, tell=said.append)
    found = bisect(str(recorded), partial(lying, Forgetful), honest, settings)
    told = [(each.request.method, each.request.target.rpartition("/")[2]) for each in found.exchanges]
    assert told == [("POST", "configmaps"), ("GET", "second")]
    assert said == [
        "2 exchanges: it shows",
        "1 exchanges: it shows",
        "1 exchanges: it does not show",
        "2 exchanges: it shows",
    ]


def test_where_nothing_differs_nothing_is_looked_for(tmp_path: Path) -> None:
    golden = Path(__file__).parents[2] / "recordings" / "hello-demo"
    replay = ReplaySettings(output=tmp_path / "replayed.kproxy", state_home=tmp_path / "state")
    settings = BisectSettings(replay=replay, output=tmp_path / "none.kproxy", seq=Seq(3))
    found = bisect(str(golden), honest, honest, settings)
    assert (found.difference, found.attempts) == (None, 0)
    assert found.verdict.outcome in {Outcome.IDENTICAL, Outcome.EQUIVALENT}
    assert not (tmp_path / "none.kproxy").exists()
