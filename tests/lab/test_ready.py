"""What a log's end tells."""

from pathlib import Path

import pytest

from kproxy.lab.ready import is_port_taken, last_reason, probes
from kproxy.lab.users import make_users

SAID = '"command failed" err="failed to listen on 127.0.0.1:80: bind: address already in use"'
KLOG = f"E1123 14:47:52.000000   12345 run.go:72] {SAID}"


@pytest.mark.parametrize(
    ("log", "reason"),
    [
        ("", ""),
        ("hello\nworld\n", "world"),
        ("started\npanic: no space left on device\n\ngoroutine 1 [running]:\n", "panic: no space left on device"),
        (KLOG, SAID),
        ("x" * 100_000, "x" * 300),
    ],
)
def test_the_last_telling_line_is_the_reason(tmp_path: Path, log: str, reason: str) -> None:
    path = tmp_path / "log"
    path.write_text(log)
    assert last_reason(path) == reason


def test_a_port_that_is_taken_is_seen_wherever_the_log_says_so(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_text(f"{KLOG}\nerror: cannot go on\n")
    assert is_port_taken(path)
    path.write_text("error: cannot go on\n")
    assert not is_port_taken(path)


def test_no_log_has_no_reason(tmp_path: Path) -> None:
    assert last_reason(tmp_path / "none") == ""


def test_each_user_of_the_lab_is_asked_for() -> None:
    admin, viewer, _ = make_users()
    asked = [probe.behalf.name for probe in probes(admin, viewer) if probe.behalf and probe.method == "POST"]
    assert asked == [admin.name, viewer.name]
