"""kproxy.insight.check.secrets."""

from kproxy.insight.check.secrets import AllSecrets
from tests.insight.check.seeing import found
from tests.support.told import Told


def test_secrets_of_all_namespaces_are_found() -> None:
    told = Told()
    told.ask("GET", "/api/v1/secrets")
    told.ask("GET", "/api/v1/secrets?watch=1")
    (only,) = found(AllSecrets(), told)
    assert (only.count, only.first) == (2, 1)


def test_one_namespace_one_name_a_refusal_and_anothers_secrets_are_none() -> None:
    told = Told()
    told.ask("GET", "/api/v1/namespaces/default/secrets")
    told.ask("GET", "/api/v1/secrets?fieldSelector=metadata.name%3Da")
    told.ask("GET", "/api/v1/secrets", 403)
    told.ask("GET", "/apis/example.com/v1/secrets")
    assert found(AllSecrets(), told) == []
