from pathlib import Path

from tests.quality.leftovers import Repeated, for_themselves, read_symilar, read_vulture

SYMILAR = """
8 similar lines in 2 files
==kproxy/wire/spdy.py:[106:114]
==kproxy/wire/websocket.py:[61:69]
           position = 0
==kproxy
TOTAL lines=64857 duplicates=47 percent=0.07
"""


def test_lines_that_stand_twice_are_told_with_their_files() -> None:
    assert read_symilar(SYMILAR) == [Repeated(8, ("kproxy/wire/spdy.py", "kproxy/wire/websocket.py"))]


def test_an_unused_name_is_told_without_its_line_which_moves() -> None:
    assert read_vulture("kproxy/a.py:4: unused function 'go' (60% confidence)\n") == ["kproxy/a.py: function 'go'"]


def test_a_public_name_that_only_its_own_file_uses_is_told() -> None:
    module = "A = 1\nB: int = 2\n_C = 3\ndef d(): ...\ndef e(): ...\n@f\ndef g(): ...\nUPSERT_H = 1\n"
    found = for_themselves({"kproxy/a.py": module, "tests/test_a.py": "from kproxy.a import A, e\nI = 1\n"})
    assert found == ["kproxy/a.py: B", "kproxy/a.py: d"]


def test_what_is_allowed_has_a_reason_and_is_there() -> None:
    root = Path(__file__).parents[2]
    for line in (Path(__file__).with_name("allowed.txt")).read_text().splitlines():
        name, mark, reason = line.partition("#")
        assert mark, line
        assert reason.strip(), line
        paths = [part.rstrip(":") for part in name.split() if part.startswith("kproxy/")]
        assert paths, line
        assert all((root / path).exists() for path in paths), line
