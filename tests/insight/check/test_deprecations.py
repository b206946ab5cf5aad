"""kproxy.insight.check.deprecations."""

from kproxy.insight.check.deprecations import Deprecations
from tests.insight.check.seeing import found
from tests.support.told import Told

OLD = "v1 Endpoints is deprecated in v1.33+; use discovery.k8s.io/v1 EndpointSlice"


def test_what_the_server_calls_deprecated_is_found_once_for_each_client_and_text() -> None:
    told = Told()
    for agent in ("a/1", "a/1", "b/1"):
        told.ask("GET", "/api/v1/endpoints", agent=agent, answer_headers=(("Warning", f'299 - "{OLD}"'),))
    told.ask("GET", "/api/v1/pods", answer_headers=(("Warning", '299 - "unknown field \\"x\\""'),))
    assert [(each.client.agent, each.count, each.says) for each in found(Deprecations(), told)] == [
        ("a/1", 2, OLD),
        ("b/1", 1, OLD),
    ]
