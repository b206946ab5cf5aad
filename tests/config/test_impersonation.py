from pathlib import Path
from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from kproxy.config.entry import Entry
from kproxy.config.impersonation import escaped, impersonation
from kproxy.model.jsontypes import JSONObject


def test_all_that_a_kubeconfig_says_becomes_fields() -> None:
    body: JSONObject = {
        "as": "ada",
        "as-uid": "7",
        "as-groups": ["dev", "ops"],
        "as-user-extra": {"b/c": ["1", "2"], "a": ["3"]},
    }

    assert impersonation(Entry("user", "u", body, Path("/x"))) == (
        ("Impersonate-User", "ada"),
        ("Impersonate-Uid", "7"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
        ("Impersonate-Extra-a", "3"),
        ("Impersonate-Extra-b%2Fc", "1"),
        ("Impersonate-Extra-b%2Fc", "2"),
    )


@given(st.text(st.characters(codec="utf-8")))
def test_a_key_of_extra_comes_back_from_the_fields_name(key: str) -> None:
    name = escaped(key).decode("ascii")

    assert unquote(name) == key
    assert not set(name) & set(' :\r\n/()"')
