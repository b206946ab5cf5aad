"""kproxy.diff.rulepath."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.diff.rulepath import MAX_PATH, check_key, generalised, key_matches, place_of, rule_path, split_path
from kproxy.errors import UsageError
from kproxy.renaming.path import field_step


def matches(pattern: str, path: str) -> bool:
    """Whether a pattern covers a path."""
    steps = split_path(path)
    return steps is not None and rule_path(pattern).matches(steps)


def test_a_star_stands_for_one_step_and_a_rule_for_its_very_place() -> None:
    pattern = "$.status.conditions[*].message"
    assert matches(pattern, "$.status.conditions[0].message")
    assert not matches(pattern, "$.status.conditions[0].reason")
    assert not matches(pattern, "$.status.conditions[0].message.more")
    assert not matches(pattern, "$.status.conditions")
    assert matches("$.metadata.annotations.*", "$.metadata.annotations['a.b/c']")
    assert not matches("$.metadata.annotations.*", "$.metadata.annotations[0]")


def test_a_path_tells_in_which_part_it_is() -> None:
    assert rule_path("$.status.phase").where == "body"
    assert rule_path("$[*].object.status.phase").where == "stream"
    assert rule_path("$.status.phase", key=True).where == "etcd"
    assert rule_path("x-my-header").where == "header"


@pytest.mark.parametrize(
    "path",
    [
        "$",
        "$..*",
        "$..name",
        "$.*",
        "$.spec",
        "$.metadata",
        "$.status",
        "$.spec.*",
        "$.*.name",
        "$.data",
        "$.kind",
        "$.apiVersion",
        "$.code",
        "$.reason",
        "$.metadata.name",
        "$.metadata.namespace",
        "$.metadata.uid",
        "$.metadata.resourceVersion",
        "$.metadata.deletionTimestamp",
        "$.items[*]",
        "$.items[*].metadata.name",
        "$.items[3].spec",
        "$.rows[*]",
        "$.rows[*].cells[*]",
        "$.rows[*].cells[0]",
        "$.rows[*].object.metadata.name",
        "$[*]",
        "$[0].type",
        "$[*].object",
        "$[*].object.spec",
        "$[*].object.metadata.uid",
        "content-type",
        "*",
        "status code",
        "$.spec.",
        "$.spec[x]",
        "$.spec.a b",
        "$" + ".a" * 1000,
    ],
)
def test_what_is_too_wide_or_says_what_it_is_about_is_refused_with_a_sentence(path: str) -> None:
    with pytest.raises(UsageError, match=r"\w+ \w+"):
        rule_path(path)


def test_an_element_stands_for_each_but_a_column_for_itself() -> None:
    assert generalised(split_path("$.items[3].status.conditions[0].message") or ()) == (
        "$.items[*].status.conditions[*].message"
    )
    assert generalised(split_path("$.rows[2].cells[4]") or ()) == "$.rows[*].cells[4]"


def test_in_etcd_only_a_values_fields_are_a_place() -> None:
    key = "/registry/pods/default/a"
    assert place_of("etcd", f"{key}[0].status.phase") == (key, (".status", ".phase"))
    assert place_of("etcd", f"{key}[12] previous .status.phase") == (key, (".status", ".phase"))
    for path in (f"{key}[0]", f"{key}[0] type", f"{key}[0] version", f"{key}[0] mod_revision", f"{key}[0] lease", key):
        assert place_of("etcd", path) is None


@pytest.mark.parametrize("where", ["status", "missing", "extra", "end", "request"])
def test_no_rule_reaches_status_ends_requests_and_what_is_missing(where: str) -> None:
    assert place_of(where, "$.spec.replicas") is None


def test_a_key_is_matched_segment_by_segment() -> None:
    assert key_matches("/registry/pods/default/*", "/registry/pods/default/a")
    assert not key_matches("/registry/pods/default/*", "/registry/pods/other/a")
    assert not key_matches("/registry/pods/*", "/registry/pods/default/a")


@pytest.mark.parametrize(
    "pattern", ["pods/*", "/registry/*/default/a", "/*/pods/default/a", "/registry/pods/a*", "/a/b"]
)
def test_a_keys_pattern_names_its_resource(pattern: str) -> None:
    with pytest.raises(UsageError):
        check_key(pattern)


@given(st.lists(st.one_of(st.text(min_size=1, max_size=8).map(field_step), st.integers(0, 99).map(lambda i: f"[{i}]"))))
def test_every_path_that_a_difference_has_is_read_as_its_steps(steps: list[str]) -> None:
    assert split_path("$" + "".join(steps)) == tuple(steps)


@given(st.text(max_size=40))
def test_whatever_a_path_is_it_is_read_or_refused(text: str) -> None:
    try:
        found = rule_path(text)
    except UsageError:
        return
    assert found.where == "header" or len(found.steps) > 0


def test_a_keys_pattern_is_a_resource_and_a_name_at_least_and_of_bounded_length() -> None:
    check_key("/registry/namespaces/team")
    check_key("/registry/pods/*/*")
    check_key(f"/registry/pods/default/{'a' * (MAX_PATH - 23)}")
    for pattern in ("/registry/namespaces", f"/registry/pods/default/{'a' * (MAX_PATH - 22)}"):
        with pytest.raises(UsageError, match="is no key as etcd has it"):
            check_key(pattern)


def test_a_path_may_be_as_long_as_it_is_said_and_no_longer() -> None:
    assert rule_path(f"$.spec.{'a' * (MAX_PATH - 7)}").steps == (".spec", f".{'a' * (MAX_PATH - 7)}")
    with pytest.raises(UsageError, match=f"a path of more than {MAX_PATH} characters"):
        rule_path(f"$.spec.{'a' * (MAX_PATH - 6)}")


@pytest.mark.parametrize(
    ("path", "where", "steps"),
    [
        ("$.spec.x", "body", (".spec", ".x")),
        ("$.items[*].spec.x", "body", (".items", "[*]", ".spec", ".x")),
        ("$.rows[*].object.spec.x", "body", (".rows", "[*]", ".object", ".spec", ".x")),
        ("$.rows[*].cells[3]", "body", (".rows", "[*]", ".cells", "[3]")),
        ("$[*].object.metadata.labels", "stream", ("[*]", ".object", ".metadata", ".labels")),
        ("$.metadata.annotations['a.b/c']", "body", (".metadata", ".annotations", "['a.b/c']")),
        ("$['a'].b", "stream", ("['a']", ".b")),
        ("$.replicas", "body", (".replicas",)),
    ],
)
def test_what_names_one_field_of_an_object_is_a_place(path: str, where: str, steps: tuple[str, ...]) -> None:
    found = rule_path(path)
    assert (found.where, found.text, found.steps) == (where, path, steps)


@pytest.mark.parametrize(
    ("where", "path", "place"),
    [
        ("header", "age", ("", ("age",))),
        ("body", "$.a[0]", ("", (".a", "[0]"))),
        ("stream", "$[0].object", ("", ("[0]", ".object"))),
        ("body", "$", None),
        ("body", "none", None),
        ("etcd", "/registry/pods/a[0]['x']", ("/registry/pods/a", ("['x']",))),
        ("etcd", "/registry/pods/a[0] previous [1]", ("/registry/pods/a", ("[1]",))),
        ("status", "$.a", None),
    ],
)
def test_a_differences_place_is_its_key_and_its_steps(
    where: str, path: str, place: tuple[str, tuple[str, ...]] | None
) -> None:
    assert place_of(where, path) == place
