"""kproxy.insight.clients."""

from kproxy.insight.clients import Client, client_of
from kproxy.model.exchange import IdentityMode
from tests.support.told import Told


def client(**more: object) -> Client:
    told = Told()
    told.ask("GET", "/api", **more)  # type: ignore[arg-type] # the caller names parts of a request
    return client_of(told.recording.exchange_list[0])


def test_a_client_is_a_user_and_a_program() -> None:
    assert client(caller="ada", agent="kubectl/v1.37.2 (linux/amd64) kubernetes/unknown") == Client(
        user="ada", agent="kubectl/v1.37.2 (linux/amd64) kubernetes/unknown"
    )


def test_clients_that_keep_their_own_credentials_are_told_apart_by_them() -> None:
    shown = (("Authorization", "Bearer kproxy-redacted-d101b00791d3b73209bd4f29359e40fdda0de932"),)
    passed = client(caller="client", identity=IdentityMode.PASS, headers=shown)
    assert passed.user == "credential d101b007"
    assert client(caller="client", identity=IdentityMode.PASS).user == "no credential"


def test_who_impersonates_is_not_whom_he_plays() -> None:
    assert client(headers=(("Impersonate-User", "bob"),)).user == "ada as bob"


def test_a_program_is_shown_by_its_name_and_the_part_of_it_that_calls() -> None:
    controller = "kube-controller-manager/v1.37.2 (linux) kubernetes/unknown/system:serviceaccount:kube-system:job"
    assert Client(user="a", agent=controller).program == "kube-controller-manager/v1.37.2 job"
    assert Client(user="a", agent="kubectl/v1.37.2 (linux/amd64) kubernetes/unknown").program == "kubectl/v1.37.2"
    assert Client(user="a", agent="curl/8").program == "curl/8"
    assert Client(user="a", agent="").program == "-"


def test_a_name_of_any_length_is_bounded() -> None:
    assert len(client(agent="x" * 10_000, caller="y" * 10_000).agent) == 200
