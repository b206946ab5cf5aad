"""kproxy.renaming.continuetoken."""

import base64
import json

from kproxy.renaming.continuetoken import same_page


def token(start: str, revision: int) -> str:
    """A token as the api-server makes it."""
    value = {"v": "meta.k8s.io/v1", "rv": revision, "start": start}
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def test_tokens_that_go_on_at_the_same_object_are_the_same_page() -> None:
    assert same_page(token("web-a\u0000", 5), token("web-a\u0000", 90), str)
    assert same_page(token("web-a\u0000", 5), token("web-b\u0000", 90), lambda text: text.replace("-a", "-b"))


def test_a_page_from_the_watch_cache_is_the_same_as_one_from_etcd() -> None:
    assert same_page(token("/a\u0000", 5), token("a\u0000", 90), str)
    assert not same_page(token("/a/b\u0000", 5), token("b\u0000", 90), str)


def test_another_start_or_form_is_another_page() -> None:
    assert not same_page(token("a", 5), token("b", 5), str)
    assert not same_page(token("a", 5), "opaque", str)
    assert not same_page(token("a", 5), "", str)
    assert not same_page("opaque", "", str)


def test_opaque_tokens_are_compared_by_being_there() -> None:
    assert same_page("opaque-1", "opaque-2", str)


def test_a_token_that_is_longer_than_any_server_makes_is_opaque() -> None:
    assert same_page(token("a" * 4000, 5), "opaque", str)
    assert not same_page(token("a" * 4000, 5), token("a", 5), str)
