"""Who last set each field."""

from dataclasses import replace

from kproxy.correlate.ledger import correlate
from kproxy.fields.paths import path_text
from kproxy.history.blame import BEFORE, MISSING, Blame, steps_of
from kproxy.history.stored import before
from kproxy.model.jsontypes import JSONObject
from tests.support.life import Life, widget


def blamed(life: Life) -> dict[str, int]:
    entries = list(correlate(life.recording).entries)
    blame = Blame(before(life.recording, entries[0].change), steps_of(life.recording, entries))
    return {path_text(each.path): each.setter for each in blame.fields()}


def test_a_field_is_its_last_setter_s() -> None:
    found = blamed(Life().write(widget(x=1, y=1)).write(widget(x=2, y=1)).write(widget(x=2, y=1, z=1)))
    assert (found["x"], found["y"], found["z"]) == (1, 0, 2)


def test_a_field_that_went_and_came_again_is_set_anew() -> None:
    assert blamed(Life().write(widget(x=1)).write(widget()).write(widget(x=1)))["x"] == 2


def test_an_object_that_was_made_again_owes_nothing_to_the_one_before() -> None:
    assert set(blamed(Life().write(widget(x=1)).delete().write(widget("u2", x=1))).values()) == {2}
    assert set(blamed(Life().write(widget(x=1)).write(widget("u2", x=1))).values()) == {1}


def test_what_was_there_before_the_session_is_nobody_s_of_it() -> None:
    life = Life().write(widget(x=1, y=1)).write(widget(x=2, y=1))
    del life.recording.change_list[0]
    found = blamed(life)
    assert (found["x"], found["y"]) == (0, BEFORE)


def test_a_value_that_is_not_in_the_recording_hides_who_set_what_was_before() -> None:
    life = Life().write(widget(x=1)).write(widget(x=1)).write(widget(x=1))
    middle = life.recording.change_list[1]
    assert middle.value is not None
    life.recording.change_list[1] = replace(middle, value=replace(middle.value, digest=None))
    assert blamed(life)["x"] == MISSING


def test_what_was_set_in_a_gap_is_not_the_next_change_s() -> None:
    life = Life().write(widget(x=1, y=1)).write(widget(x=2, y=1)).write(widget(x=2, y=2))
    del life.recording.change_list[1]
    found = blamed(life)
    assert (found["x"], found["y"], found["metadata.name"]) == (MISSING, 1, 0)


def test_a_list_s_elements_are_told_apart_by_their_names() -> None:
    def containers(*names: str) -> JSONObject:
        return {"containers": [{"name": name} for name in names]}

    life = Life().write(widget(spec=containers("a"))).write(widget(spec=containers("b", "a")))
    found = blamed(life)
    assert found["spec.containers[name=a].name"] == 0
    assert found["spec.containers[name=b].name"] == 1


def test_a_deleted_object_has_no_fields() -> None:
    assert blamed(Life().write(widget()).delete()) == {}
