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
