import json

from kproxy.renaming.apply import rename_target
from kproxy.renaming.openapi import learn_links
from kproxy.renaming.renaming import Renaming


def links(**hashes: str) -> bytes:
    told = {name: {"serverRelativeURL": f"/openapi/v3/{name}?hash={each}"} for name, each in hashes.items()}
    return json.dumps({"paths": told}).encode()


def test_a_link_is_asked_for_with_the_hash_that_the_server_told() -> None:
    renaming = Renaming()
    learn_links(renaming, links(api="AB", apis="CD"), links(api="EF", apis="CD", more="12"))
    assert rename_target(renaming, "/openapi/v3/api?hash=AB") == "/openapi/v3/api?hash=EF"
    assert rename_target(renaming, "/openapi/v3/apis?hash=CD&a=AB") == "/openapi/v3/apis?hash=CD&a=AB"
    assert rename_target(renaming, "/elsewhere?hash=AB") == "/elsewhere?hash=AB"


def test_what_is_no_list_of_links_teaches_nothing() -> None:
    renaming = Renaming()
    for document in (b"", b"[]", b'{"paths": 1}', b'{"paths": {"a": 1, "b": {"serverRelativeURL": 2}}}'):
        learn_links(renaming, document, links(a="AB"))
    assert not renaming.modified


def test_a_link_without_a_hash_or_to_another_place_teaches_nothing() -> None:
    renaming = Renaming()
    for url in ("/openapi/v3/other?hash=EF", "/openapi/v3/api"):
        learn_links(renaming, links(api="AB"), json.dumps({"paths": {"api": {"serverRelativeURL": url}}}).encode())
    assert not renaming.modified
