from tests.quality.table import lines, none, reached, share

GOOD = share("wire: branches taken", 0.959, 0.95, "1326")
BAD = share("wire: mutants noticed", 0.8466, 0.85, "300 drawn by seed 1 from 7889")


def test_each_figure_stands_beside_its_goal_and_one_that_misses_it_is_marked() -> None:
    assert list(lines([GOOD, BAD, none("rings of imports", 0)])) == [
        "figure                 measured                                goal",
        "wire: branches taken   95.9% of 1326                           >= 95%",
        "wire: mutants noticed  84.7% of 300 drawn by seed 1 from 7889  >= 85%  MISSED",
        "rings of imports       0                                       0",
    ]


def test_all_goals_are_reached_or_the_whole_is_not() -> None:
    assert reached([GOOD, none("rings of imports", 0)])
    assert reached([])
    assert not reached([GOOD, BAD])
    assert not reached([none("rings of imports", 1)])
    assert share("just", 0.95, 0.95, "20").reached
