"""Every error tells what to do next."""

import subprocess
import sys

import pytest

from kproxy import errors
from kproxy.errors import ConfigError, KproxyError, RecordingError, UsageError

CLASSES = [each for each in vars(errors).values() if isinstance(each, type) and issubclass(each, KproxyError)]


@pytest.mark.parametrize("kind", CLASSES)
def test_a_sentence_that_does_not_say_what_to_do_is_ended_by_its_class(kind: type[KproxyError]) -> None:
    assert kind("it broke.").sentence == f"it broke; {kind.next_step}"
    assert kind.next_step


@pytest.mark.parametrize(
    "said",
    [
        "a and b exclude each other: give one of them",
        "--status x is no status",
        "there is no lab: run this within `kproxy lab run`",
        "there is no recording; it has to be made first",
    ],
)
def test_a_sentence_that_says_so_itself_stays_as_it_is(said: str) -> None:
    assert UsageError(said).sentence == said


def test_each_class_is_in_the_tree_that_the_module_draws() -> None:
    assert errors.__doc__ is not None
    for kind in CLASSES:
        assert kind.__name__ in errors.__doc__


@pytest.mark.process
def test_a_user_sees_the_whole_sentence() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "kproxy", "log", "/nowhere"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stderr == (
        "kproxy: There is no recording /nowhere; a recording is a .kproxy file or a folder in text form.\n"
    )


def test_the_rest_of_the_program_sees_what_failed_only() -> None:
    assert str(ConfigError("exec must be a mapping.")) == "exec must be a mapping."
    assert str(RecordingError("it is cut.")) == "it is cut."
