"""kproxy.report.rows: two documents as rows beside each other."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.report.rows import MAX_ROWS, Fold, folded, rows, unified

DOCUMENTS: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)


def lines(baseline: JSON, replayed: JSON, *paths: str) -> list[str]:
    """The unified lines around the differences."""
    return list(unified(list(folded(rows(baseline, replayed, "$", paths)))))


def test_what_differs_stands_in_its_context() -> None:
    first: JSON = {"spec": {"a": 1, "b": 2, "c": 3, "d": 4}, "status": {}}
    second: JSON = {"spec": {"a": 1, "b": 2, "c": 3, "d": 5}, "status": {}}
    assert lines(first, second, "$.spec.d") == [
        "  spec:",
        "  … 1 more line",
        "    b: 2",
        "    c: 3",
        "-   d: 4",
        "+   d: 5",
        "  status: {}",
    ]


def test_elements_of_a_list_stand_beside_each_other_by_their_keys() -> None:
    first: JSON = {"containers": [{"name": "a", "image": "x"}, {"name": "b", "image": "y"}]}
    second: JSON = {"containers": [{"name": "b", "image": "z"}]}
    assert lines(first, second, "$.containers[0]", "$.containers[1].image") == [
        "  containers:",
        '- - name: "a"',
        '-   image: "x"',
        '  - name: "b"',
        '-   image: "y"',
        '+   image: "z"',
    ]


def test_what_servers_choose_is_shown_and_not_marked() -> None:
    first: JSON = {"uid": "a", "x": 1}
    second: JSON = {"uid": "b", "x": 2}
    assert [each.mark for each in rows(first, second, "$", ["$.x"])] == ["chosen", "changed"]


def test_what_is_there_alone_is_whole() -> None:
    assert lines(None, {"a": [{"b": 1}, 2]}) == ["+ a:", "+ - b: 1", "+ - 2"]
    assert lines({"a": {}}, None) == ["- a: {}"]


def test_another_order_is_said() -> None:
    first: JSON = {"finalizers": ["a", "b"]}
    assert "! finalizers: (in another order)" in lines(first, {"finalizers": ["b", "a"]}, "$.finalizers")


def test_of_long_texts_the_place_where_they_part_is_shown() -> None:
    alike = "x" * 5_000
    (row,) = rows({"a": f"{alike}1"}, {"a": f"{alike}2"}, "$", ["$.a"])
    assert row.left is not None
    assert row.right is not None
    assert row.left.endswith('x1"')
    assert row.right.endswith('x2"')
    assert len(row.left) < 1_000


def test_other_differences_are_marked_and_only_those_looked_for_have_their_context() -> None:
    first: JSONObject = {f"f{number:02}": number for number in range(40)}
    second: JSONObject = {**first, "f05": 0, "f30": 0}
    found = rows(first, second, "$", ["$.f05", "$.f30"], ["$.f30"])
    assert [row.mark for row in found].count("changed") == 2
    said = list(unified(list(folded(found))))
    assert "+ f30: 0" in said
    assert "+ f05: 0" not in said


def test_an_object_in_a_list_is_named_where_something_in_it_differs() -> None:
    first: JSON = {"items": [{"metadata": {"name": "a", "x": 1, "y": 2, "z": 3}, "spec": {"p": 1, "q": 2, "r": 3}}]}
    second: JSON = {"items": [{"metadata": {"name": "a", "x": 1, "y": 2, "z": 3}, "spec": {"p": 1, "q": 2, "r": 4}}]}
    assert '      name: "a"' in lines(first, second, "$.items[0].spec.r")


def test_a_large_document_is_cut() -> None:
    many: JSON = {f"f{number}": number for number in range(MAX_ROWS * 2)}
    assert len(rows(many, many, "$", [])) == MAX_ROWS


@given(DOCUMENTS, DOCUMENTS)
def test_any_two_documents_have_rows_whose_parents_enclose_them(first: JSON, second: JSON) -> None:
    found = rows(first, second, "$", ["$", "$.a", "$[0]"])
    for index, row in enumerate(found):
        assert row.parent is None or row.parent < index
        assert row.left is not None or row.right is not None
    counted = sum(each.count if isinstance(each, Fold) else 1 for each in folded(found))
    assert counted in {0, len(found)}


@given(DOCUMENTS)
def test_a_document_beside_itself_has_no_marks(document: JSON) -> None:
    found = rows(document, document, "$", [])
    assert {each.mark for each in found} <= {"same"}
