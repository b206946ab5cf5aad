"""kproxy.replay.issued."""

from base64 import b64encode

import pytest

from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.replay.issued import bind_issued

PSEUDONYM = "kproxy-redacted-" + "0123456789abcdef" * 2 + "01234567"
LONG = PSEUDONYM + "-" * 1000
LIVE = "eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ4In0.c2ln-bmF0dXJl"


def request(token: str) -> JSON:
    return {"kind": "TokenRequest", "status": {"token": token}}


def secret(token: str, name: str = "robot-token") -> JSON:
    data = b64encode(token.encode()).decode()
    return {
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "default"},
        "type": "kubernetes.io/service-account-token",
        "data": {"token": data},
    }


@pytest.mark.parametrize("recorded", [PSEUDONYM, LONG])
def test_an_issued_token_is_bound_to_its_pseudonym_however_long(recorded: str) -> None:
    renaming = Renaming()
    bind_issued(renaming, request(recorded), request(LIVE))
    assert renaming.image(Kind.PSEUDONYM, recorded) == LIVE
    assert renaming.text(f'{{"spec":{{"token":"{recorded}"}}}}') == f'{{"spec":{{"token":"{LIVE}"}}}}'


def test_a_secrets_token_is_bound_plain_and_as_it_stands_in_the_secret() -> None:
    renaming = Renaming()
    bind_issued(renaming, secret(PSEUDONYM), secret(LIVE))
    assert renaming.image(Kind.PSEUDONYM, PSEUDONYM) == LIVE
    in_data = b64encode(PSEUDONYM.encode()).decode().rstrip("=")
    assert renaming.image(Kind.PSEUDONYM, in_data) == b64encode(LIVE.encode()).decode().rstrip("=")


def test_in_a_list_secrets_go_by_their_names() -> None:
    renaming = Renaming()
    other = PSEUDONYM.replace("0", "f")
    recorded: JSON = {"kind": "SecretList", "items": [secret(PSEUDONYM, "a"), secret(other, "b")]}
    live: JSON = {"kind": "SecretList", "items": [secret("second", "b"), secret("first", "a")]}
    bind_issued(renaming, recorded, live)
    assert renaming.image(Kind.PSEUDONYM, PSEUDONYM) == "first"
    assert renaming.image(Kind.PSEUDONYM, other) == "second"


@pytest.mark.parametrize(
    ("recorded", "live"),
    [
        (request("a real token"), request(LIVE)),
        (request(PSEUDONYM), request("")),
        (request(PSEUDONYM), request(PSEUDONYM)),
        (request(PSEUDONYM), {"kind": "Status"}),
        (request(PSEUDONYM), request("x" * 100_000)),
        ({"kind": "ConfigMap", "data": {"token": PSEUDONYM}}, {"kind": "ConfigMap", "data": {"token": LIVE}}),
        ({"kind": "SecretList", "items": "none"}, {"kind": "SecretList"}),
        ({"type": "kubernetes.io/service-account-token", "data": {"token": "?"}}, secret(LIVE)),
        ("text", ["list"]),
    ],
)
def test_what_is_no_issued_token_binds_nothing(recorded: JSON, live: JSON) -> None:
    renaming = Renaming()
    bind_issued(renaming, recorded, live)
    assert renaming.image(Kind.PSEUDONYM, PSEUDONYM) is None


def test_what_is_no_accounts_secret_and_what_was_no_pseudonym_stays_as_it_is_in_a_list() -> None:
    renaming = Renaming()
    own: JSONObject = {
        "metadata": {"name": "tls"},
        "type": "Opaque",
        "data": {"token": b64encode(LIVE.encode()).decode()},
    }
    hidden: JSONObject = {**own, "data": {"token": b64encode(PSEUDONYM.encode()).decode()}}
    bind_issued(renaming, {"kind": "SecretList", "items": [hidden]}, {"kind": "SecretList", "items": [own]})
    bind_issued(renaming, secret("not hidden"), secret(LIVE))
    assert renaming.image(Kind.PSEUDONYM, PSEUDONYM) is None
    assert renaming.image(Kind.PSEUDONYM, b64encode(b"not hidden").decode().rstrip("=")) is None


def test_in_a_list_secrets_of_one_name_go_by_their_namespaces() -> None:
    def of(namespace: str, token: str) -> JSON:
        found = secret(token)
        assert isinstance(found, dict)
        return {**found, "metadata": {"name": "robot-token", "namespace": namespace}}

    renaming = Renaming()
    other = PSEUDONYM.replace("0", "f")
    recorded: JSON = {"kind": "SecretList", "items": [of("a", PSEUDONYM), of("b", other)]}
    bind_issued(renaming, recorded, {"kind": "SecretList", "items": [of("b", "second"), of("a", "first")]})
    assert renaming.image(Kind.PSEUDONYM, PSEUDONYM) == "first"
    assert renaming.image(Kind.PSEUDONYM, other) == "second"


@pytest.mark.parametrize(("size", "bound"), [(64 * 1024, True), (64 * 1024 + 1, False)])
def test_a_token_of_64_kib_is_the_longest_that_is_bound(size: int, bound: bool) -> None:
    renaming = Renaming()
    bind_issued(renaming, request(PSEUDONYM), request("x" * size))
    assert (renaming.image(Kind.PSEUDONYM, PSEUDONYM) is not None) == bound
