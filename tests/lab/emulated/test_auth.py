"""Who may what."""

import pytest

from kproxy.lab.emulated.auth import ANONYMOUS, Identity, authenticate, authorize, impersonate
from kproxy.lab.emulated.status import StatusError
from kproxy.lab.users import VIEWER
from kproxy.wire.requestinfo import request_info
from tests.lab.emulated.serving import PODS, USERS


def test_a_token_is_its_users_and_no_token_is_nobodys() -> None:
    assert authenticate("Bearer admin-token", USERS).is_master
    assert authenticate("bearer viewer-token", USERS).name == VIEWER
    assert authenticate("", USERS).name == ANONYMOUS
    for wrong in ("Bearer admin-toke", "Bearer admin-token2", "Bearer ", "Bearer é"):
        with pytest.raises(StatusError) as caught:
            authenticate(wrong, USERS)
        assert caught.value.code == 401


@pytest.mark.parametrize(
    ("token", "method", "target", "allowed"),
    [
        ("viewer-token", "GET", PODS, True),
        ("viewer-token", "GET", f"{PODS}?watch=true", True),
        ("viewer-token", "GET", f"{PODS}/x", True),
        ("viewer-token", "GET", f"{PODS}/x/log", False),
        ("viewer-token", "POST", PODS, False),
        ("viewer-token", "GET", PODS.replace("default", "kube-system"), False),
        ("viewer-token", "GET", PODS.replace("pods", "secrets"), False),
        ("viewer-token", "GET", "/api/v1/pods", False),
        ("viewer-token", "GET", "/apis/apps/v1/namespaces/default/pods", False),
        ("viewer-token", "GET", "/openapi/v3/api/v1", True),
        ("viewer-token", "POST", "/version", False),
        ("viewer-token", "GET", "/metrics", False),
        ("", "GET", "/readyz", True),
        ("", "GET", "/api", False),
        ("", "GET", PODS, False),
        ("admin-token", "DELETE", PODS.replace("pods", "secrets"), True),
    ],
)
def test_rights(token: str, method: str, target: str, allowed: bool) -> None:
    identity = authenticate(f"Bearer {token}" if token else "", USERS)
    if allowed:
        authorize(identity, request_info(method, target))
        return
    with pytest.raises(StatusError) as caught:
        authorize(identity, request_info(method, target))
    assert caught.value.code == 403


def test_only_a_master_acts_for_others() -> None:
    info = request_info("GET", PODS)
    headers = {"Impersonate-User": "someone"}
    admin = authenticate("Bearer admin-token", USERS)
    assert impersonate(admin, headers, ["g"], info) == Identity("someone", ("g", "system:authenticated"))
    assert impersonate(admin, {}, [], info) is admin
    with pytest.raises(StatusError, match="cannot impersonate"):
        impersonate(authenticate("Bearer viewer-token", USERS), headers, [], info)
