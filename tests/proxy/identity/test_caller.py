import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.jsontypes import JSON
from kproxy.proxy.identity.caller import CREDENTIAL_ID, Caller, NoCallerError, caller_of_review, checked, peer_of
from tests.support.authority import Authority

AUTHORITY = Authority()


def review(**user: JSON) -> JSON:
    return {"kind": "TokenReview", "status": {"authenticated": True, "user": user}}


def test_a_certificates_common_name_is_the_user_and_its_organizations_are_the_groups() -> None:
    issued = AUTHORITY.client("system:node:n1", "system:nodes", "other")

    peer = peer_of(issued.der)

    assert peer.caller is not None
    assert (peer.caller.name, peer.caller.groups) == ("system:node:n1", ("system:nodes", "other"))
    [(key, (value,))] = peer.caller.extra
    assert key == CREDENTIAL_ID
    assert value.startswith("X509SHA256=")
    assert len(value) == len("X509SHA256=") + 64
    assert abs(peer.expires - (dt.datetime.now(dt.UTC) + dt.timedelta(hours=1)).timestamp()) < 60
    assert peer.salt != peer_of(AUTHORITY.client("system:node:n1", "system:nodes", "other").der).salt


@pytest.mark.parametrize("name", ["", " admin", "admin ", "a\nb", "a\rb", "a\tb", "a\x7fb"])
def test_a_certificate_whose_name_would_be_another_in_a_header_is_nobodys(name: str) -> None:
    peer = peer_of(AUTHORITY.client(name, "dev").der)

    assert peer.caller is None
    assert peer.problem


def test_what_is_no_certificate_is_nobodys() -> None:
    assert peer_of(b"nothing").caller is None


def test_a_review_names_the_user_as_the_api_server_knows_it() -> None:
    answer = review(
        username="system:serviceaccount:apps:robot",
        uid="1-2",
        groups=["system:serviceaccounts", "", "system:authenticated"],
        extra={"Scopes": ["a", "b"], "pod-name": ["p"]},
    )

    caller = caller_of_review(answer)

    assert caller == Caller(
        name="system:serviceaccount:apps:robot",
        uid="1-2",
        groups=("system:serviceaccounts", "system:authenticated"),
        extra=(("scopes", ("a", "b")), ("pod-name", ("p",))),
    )
    assert caller is not None
    assert caller.shown == "system:serviceaccount:apps:robot [system:serviceaccounts]"


@pytest.mark.parametrize(
    "status",
    [
        {"authenticated": False, "user": {"username": "ada"}},
        {"user": {"username": "ada"}},
        {"authenticated": "true", "user": {"username": "ada"}},
        {"authenticated": True},
        {"error": "token expired"},
    ],
)
def test_only_a_token_that_is_authenticated_is_somebodys(status: JSON) -> None:
    assert caller_of_review({"status": status}) is None


@pytest.mark.parametrize("answer", [None, [], {"status": None}, "x", {}])
def test_an_answer_that_is_none_is_not_taken_for_a_no(answer: JSON) -> None:
    with pytest.raises(NoCallerError):
        caller_of_review(answer)


@given(st.text(), st.lists(st.text()), st.text())
def test_whoever_is_checked_is_the_same_at_the_end_of_a_header_field(name: str, groups: list[str], uid: str) -> None:
    try:
        caller = checked(Caller(name=name, uid=uid, groups=tuple(groups)))
    except NoCallerError:
        return
    for said in (caller.name, caller.uid, *caller.groups):
        assert said.encode().strip(b" \t").decode() == said
        assert not set(said) & set("\r\n\0")
    assert caller.name == name
