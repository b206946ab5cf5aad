"""kproxy.diff.unnamed."""

from kproxy.diff.unnamed import pair_unnamed
from kproxy.model.jsontypes import JSON


def held(name: str) -> JSON:
    """What an address of a Service holds."""
    return {"spec": {"parentRef": {"name": name}}}


def test_keys_are_paired_by_the_object_that_they_name_in_their_order() -> None:
    first = [("/ipaddresses/1", held("a")), ("/ipaddresses/2", held("b")), ("/ipaddresses/3", held("a"))]
    second = [("/ipaddresses/7", held("x")), ("/ipaddresses/8", held("a")), ("/ipaddresses/9", held("a"))]
    pairs = list(pair_unnamed(first, second, lambda text: text.replace('"b"', '"x"')))
    assert [(key[-1], image[-1]) for key, image in pairs] == [("1", "8"), ("2", "7"), ("3", "9")]


def test_other_keys_are_not_paired() -> None:
    assert list(pair_unnamed([("/pods/a", held("a"))], [("/pods/b", held("a"))], str)) == []
