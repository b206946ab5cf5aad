"""One target under atheris, in a process of its own: `python -m tests.fuzz.one TARGET [libFuzzer's options] CORPUS`."""

import sys

import atheris

with atheris.instrument_imports(include=["kproxy"]):
    from tests.fuzz.targets import TARGETS


def main() -> None:
    """Fuzz until libFuzzer ends it: after its time, or at the first input that is not borne."""
    name = sys.argv.pop(1)
    atheris.Setup(sys.argv, TARGETS[name].run)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
