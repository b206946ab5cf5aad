"""kproxy.renaming.target."""

from urllib.parse import quote, urlencode

from hypothesis import given
from hypothesis import strategies as st

from kproxy.renaming.target import parameter, path_of, prolonged, query_of, requirements


def test_a_target_is_a_path_and_parameters_in_their_order() -> None:
    target = "/api/v1/pods?watch=true&fieldSelector=metadata.name%3Da&allow&x="
    assert path_of(target) == "/api/v1/pods"
    assert query_of(target) == [("watch", "true"), ("fieldSelector", "metadata.name=a"), ("allow", ""), ("x", "")]
    assert parameter(target, "watch") == "true"
    assert parameter(target, "resourceVersion") is None


@given(st.text())
def test_no_target_is_too_strange(target: str) -> None:
    path_of(target)
    query_of(target)
    parameter("//[?" + target, "a")


@given(st.text(), st.sampled_from(["dryRun", "continue", "resourceVersion"]))
def test_a_parameter_is_found_however_it_is_written(value: str, name: str) -> None:
    hidden = "".join(f"%{ord(letter):02X}" for letter in name)
    for written in (name, hidden):
        assert parameter(f"/api?a=b&{urlencode({'x': value})}&{written}={quote(value)}", name) == value
    assert parameter(f"/{name}?{urlencode({'x': name})}", name) is None


def test_a_watchs_time_is_prolonged_and_nothing_else() -> None:
    assert prolonged("/x?timeoutSeconds=301&watch=true") == "/x?timeoutSeconds=3600&watch=true"
    assert prolonged("/x?watch=true&timeoutSeconds=9") == "/x?watch=true&timeoutSeconds=3600"
    for target in ("/x?timeoutSeconds=4000", "/x?mytimeoutSeconds=9", "/x?timeoutSeconds=9s", "/timeoutSeconds=9"):
        assert prolonged(target) == target


def test_a_selectors_requirements_are_apart_by_commas_but_not_within_brackets() -> None:
    assert requirements("b=1,a in (x, y,(z)),c") == ["a in (x, y,(z))", "b=1", "c"]
    assert requirements("") == [""]
    assert requirements("x in (a),y") == ["x in (a)", "y"]


@given(st.permutations(["a=1", "b in (x,y)", "!c", "d notin (z,(w,v))"]))
def test_the_order_of_requirements_has_no_meaning(parts: list[str]) -> None:
    assert requirements(",".join(parts)) == sorted(parts)
