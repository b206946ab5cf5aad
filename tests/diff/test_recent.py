"""kproxy.diff.recent: what was used lately."""

from kproxy.diff.recent import Generations


def test_what_neither_of_the_last_two_generations_used_is_forgotten() -> None:
    left: list[list[int]] = []
    known: Generations[str, int] = Generations(8, lambda values: left.append(list(values)))
    known.put("kept", 1, 1)
    known.put("lost", 2, 1)
    for number in range(20):
        assert known.get("kept") == 1
        known.put(f"{number}", number, 1)
    assert "lost" not in known
    assert known.get("lost") is None
    assert left[0] == [1, 2, 0, 1, 2]
    assert sum(1 for _ in known.values()) <= 12


def test_what_is_used_again_and_again_counts_as_much_as_what_is_new() -> None:
    known: Generations[int, int] = Generations(1000)
    for _ in range(3):
        for number in range(600):
            if known.get(number) is None:
                known.put(number, number, 100)
    assert len(set(known.values())) <= 22


def test_nothing_remembered_is_none_and_is_told_from_what_is_not_there() -> None:
    known: Generations[str, None] = Generations(8)
    known.put("empty", None, 1)
    assert "empty" in known
    assert known.get("empty") is None
    assert "other" not in known
