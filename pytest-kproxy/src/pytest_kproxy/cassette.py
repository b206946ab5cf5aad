"""A cassette: what a test said to a cluster and was told, kept in the test's own repository.

The record modes are those of VCR.py:

- `once` (the default): record where there is no cassette, else play it; what it does not have is an error.
- `none`: play; a cassette that is not there is an error.
- `new_episodes`: play, and record what the cassette does not have, beside it.
- `all`: record again, and put it in the old one's place.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from pytest_kproxy.program import Held, Kproxy, KproxyError

Mode = Literal["once", "none", "new_episodes", "all"]
MODES: tuple[Mode, ...] = ("once", "none", "new_episodes", "all")


class CassetteError(Exception):
    """A cassette that is not there, or does not have what was asked for."""


@dataclass(frozen=True)
class Cluster:
    """A cluster as a test sees it. `recording` is true where a real one is behind it."""

    env: Mapping[str, str]
    recording: bool

    @property
    def kubeconfig(self) -> str:
        """The path of a kubeconfig for it."""
        return self.env["KUBECONFIG"]

    @property
    def url(self) -> str:
        """Its address."""
        return self.env.get("KPROXY_URL", "")

    @property
    def token(self) -> str:
        """The bearer token that it wants, "" for none."""
        return self.env.get("KPROXY_TOKEN", "")

    @property
    def ca(self) -> str:
        """The path of its certificate authority, "" for none."""
        return self.env.get("KPROXY_CA", "")


@dataclass
class Cassette:
    """A cassette (a folder in text form), and its later episodes beside it: `name.2`, `name.3` and so on.

    `server`: what is recorded where something is: emulated, kube-apiserver, or context:NAME. `repeat`: a read beyond
    the recorded ones gets the last answer again. `allow_missing`: what is not recorded is no failure of the test.
    """

    kproxy: Kproxy
    path: Path
    mode: Mode = "once"
    server: str = "emulated"
    repeat: bool = True
    allow_missing: bool = False
    record_on_exception: bool = True
    _failed: bool = field(default=False, init=False)

    @contextmanager
    def inserted(self) -> Iterator[Cluster]:
        """The cluster, for as long as the block lasts. CassetteError, KproxyError."""
        there = self.path.is_dir()
        if self.mode == "none" and not there:
            raise CassetteError(f"there is no cassette {self.path}, and in the mode none it is not recorded")
        if self.mode == "all" or not there:
            with self._recorded(self.path) as env:
                yield Cluster(env, recording=True)
        elif self.mode == "new_episodes":
            with self._recorded(self._next_episode()) as behind, self._played(behind["KUBECONFIG"]) as env:
                yield Cluster(env, recording=False)
        else:
            with self._played("") as env:
                yield Cluster(env, recording=False)

    def failed(self) -> None:
        """The test failed: nothing is recorded where `record_on_exception` is false."""
        self._failed = True

    @property
    def episodes(self) -> list[Path]:
        """The cassette and its later episodes, those that are there."""
        found = [self.path] if self.path.is_dir() else []
        number = 2
        while (later := self._episode(number)).is_dir():
            found.append(later)
            number += 1
        return found

    def _episode(self, number: int) -> Path:
        return self.path.with_name(f"{self.path.name}.{number}")

    def _next_episode(self) -> Path:
        number = 2
        while self._episode(number).is_dir():
            number += 1
        return self._episode(number)

    @contextmanager
    def _recorded(self, target: Path) -> Iterator[Mapping[str, str]]:
        with tempfile.TemporaryDirectory(prefix="pytest-kproxy-") as folder:
            file = Path(folder, "recording.kproxy")
            held = self.kproxy.hold(*self._record_words(file))
            try:
                yield held.told()
            except BaseException:
                self.failed()
                raise
            finally:
                held.end()
                if self.record_on_exception or not self._failed:
                    self._keep(file, target, Path(folder, "text"))

    def _record_words(self, file: Path) -> list[str]:
        record = ["record", "-o", str(file)]
        if self.server.startswith("context:"):
            return [*record, "--context", self.server.removeprefix("context:")]
        return ["lab", "run", "--server", self.server, "--", self.kproxy.path, *record]

    def _keep(self, file: Path, target: Path, text: Path) -> None:
        """Put a recording in a cassette's place: the old one goes when the new one is whole."""
        if target != self.path and not self.kproxy.run("log", str(file), "--json").stdout.strip():
            return  # there was nothing new
        self.kproxy.run("export", str(file), "--to", str(text))
        target.parent.mkdir(parents=True, exist_ok=True)
        old = target.with_name(target.name + ".old")
        if target.exists():
            target.rename(old)
        shutil.move(text, target)
        shutil.rmtree(old, ignore_errors=True)
        if target == self.path:
            for later in self.episodes[1:]:  # they belonged to the old one
                shutil.rmtree(later)

    @contextmanager
    def _played(self, otherwise: str) -> Iterator[Mapping[str, str]]:
        with tempfile.TemporaryDirectory(prefix="pytest-kproxy-") as folder:
            report = Path(folder, "report.json")
            first, *later = map(str, self.episodes)
            words = ["play", first, "--report", str(report)]
            words += [word for each in later for word in ("--then", each)]
            words += [] if self.repeat else ["--once"]
            words += ["--otherwise", otherwise] if otherwise else []
            held: Held = self.kproxy.hold(*words)
            try:
                yield held.told()
            finally:
                held.end()
            self._check(report)

    def _check(self, report: Path) -> None:
        try:
            missing = json.loads(report.read_text())["missing"]
        except (OSError, ValueError, KeyError) as error:
            raise KproxyError(f"kproxy wrote no report of what it played: {error}") from error
        if missing and not self.allow_missing:
            named = "\n".join(f"  {each}" for each in missing[:20])
            raise CassetteError(
                f"the cassette {self.path} does not have these requests "
                f"(--kproxy-record=new_episodes records them, =all records it again):\n{named}"
            )
