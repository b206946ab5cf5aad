"""Controllers beside a running lab: what is refused. That they run is tried in tests/controlplane."""

from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.errors import LabError
from kproxy.lab.controllers import BesideSettings, start_beside
from kproxy.lab.info import LabInfo
from tests.lab.test_info import INFO


def lab(folder: Path) -> LabInfo:
    return replace(INFO, assets=str(folder), folder=str(folder), controllers=(("kwok", "/k"),))


@pytest.mark.parametrize(
    ("info", "settings", "sentence"),
    [
        (INFO, BesideSettings(), "was not made for controllers; start it with --with controllers-later"),
        (
            replace(INFO, controllers=(("kwok", "/k"),), pids=(("kube-controller-manager", 1),)),
            BesideSettings(),
            "has its controllers already",
        ),
        (
            replace(INFO, controllers=(("kwok", "/k"),)),
            BesideSettings(server="https://127.0.0.1:9"),
            "no CA file is named that makes https://127.0.0.1:9 trusted",
        ),
    ],
)
def test_a_lab_that_cannot_have_them_is_one_sentence(info: LabInfo, settings: BesideSettings, sentence: str) -> None:
    with pytest.raises(LabError, match=sentence), start_beside(info, settings, {}):
        pass


def test_all_programs_that_are_missing_are_named(tmp_path: Path) -> None:
    (tmp_path / "kwok").write_text("#!/bin/sh\n")
    (tmp_path / "kwok").chmod(0o755)
    with (
        pytest.raises(
            LabError, match=r"^kube-controller-manager, kube-scheduler are missing beside .*make controlplane"
        ),
        start_beside(lab(tmp_path), BesideSettings(), {}),
    ):
        pass
