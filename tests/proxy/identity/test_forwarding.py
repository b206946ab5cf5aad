from kproxy.proxy.identity.caller import Caller
from kproxy.proxy.identity.forwarding import impersonation_fields, remote_fields

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
