"""A server's first day, which its ConfigMap about legacy tokens names: a later one where a session is replayed."""

from kproxy.model.verdict import Outcome
from tests.diff.sessions import FakeServer, verdict_of

NAME = "kube-apiserver-legacy-service-account-token-tracking"
PATH = f"/api/v1/namespaces/kube-system/configmaps/{NAME}"


def server(letter: str, *days: str, name: str = NAME) -> FakeServer:
    """One that answers with these days, in etcd, too."""
    found = FakeServer(letter, 100, 7)
    for number, day in enumerate(days, 2):
        shown = found.pod(number, name, data={"since": day}) | {"kind": "ConfigMap"}
        del shown["spec"]
        shown["metadata"] |= {"namespace": "kube-system"}  # type: ignore[operator]  # it is an object
        found.exchange("GET", PATH, 200, shown)
        found.put(number, f"/registry/configmaps/kube-system/{name}", shown, number - 1)
    return found


def test_the_day_on_which_a_server_was_started_first_is_its_own() -> None:
    assert verdict_of(server("a", "2026-11-26"), server("b", "2026-11-27")).outcome is Outcome.IDENTICAL


def test_a_day_that_does_not_stay_is_a_difference() -> None:
    verdict = verdict_of(server("a", "2026-11-26", "2026-11-26"), server("b", "2026-11-27", "2026-11-28"))
    assert [each.path.rpartition(".data.")[2] for each in verdict.differences] == ["since", "since"]


def test_what_is_no_day_is_a_difference() -> None:
    assert verdict_of(server("a", "2026-11-26"), server("b", "never")).outcome is Outcome.DIFFERENT


def test_another_objects_day_is_data() -> None:
    first, second = (server(letter, day, name="x") for letter, day in (("a", "2026-11-26"), ("b", "2026-11-27")))
    assert verdict_of(first, second).outcome is Outcome.DIFFERENT
