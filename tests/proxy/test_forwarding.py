from urllib.parse import unquote

from hypothesis import given
from hypothesis import strategies as st

from kproxy.proxy.caller import Caller
from kproxy.proxy.forwarding import escaped, impersonation_fields, remote_fields

ADA = Caller(
    name="ada",
    uid="7",
    groups=("dev", "system:authenticated"),
    extra=(("authentication.kubernetes.io/credential-id", ("X",)), ("scopes", ("a", "b"))),
)


def test_a_front_proxys_fields_say_all_of_a_caller() -> None:
    assert remote_fields(ADA).decode().split("\r\n") == [
        "X-Remote-User: ada",
        "X-Remote-Uid: 7",
        "X-Remote-Group: dev",
        "X-Remote-Group: system:authenticated",
        "X-Remote-Extra-authentication.kubernetes.io%2Fcredential-id: X",
        "X-Remote-Extra-scopes: a",
        "X-Remote-Extra-scopes: b",
        "",
    ]


def test_impersonation_leaves_the_group_of_everyone_to_the_api_server() -> None:
    assert impersonation_fields(ADA).decode().split("\r\n")[:3] == [
        "Impersonate-User: ada",
        "Impersonate-Uid: 7",
        "Impersonate-Group: dev",
    ]
    assert b"system:authenticated" not in impersonation_fields(ADA)


@given(st.text(st.characters(codec="utf-8")))
def test_a_key_of_extra_comes_back_from_the_fields_name(key: str) -> None:
    name = escaped(key).decode("ascii")

    assert unquote(name) == key
    assert not set(name) & set(' :\r\n/()"')
