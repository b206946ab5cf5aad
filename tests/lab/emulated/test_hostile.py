"""Requests that nobody means: each is answered, none with a 500."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.lab.emulated.patch import JSON_PATCH, MERGE_PATCH
from kproxy.model.jsontypes import JSON
from tests.lab.emulated.serving import serving

METHODS = st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE"])
STEPS = st.sampled_from(
    [
        *("api", "apis", "v1", "namespaces", "default", "pods", "configmaps", "secrets", "status", "finalize", "x"),
        *(
            "%00",
            "%2e%2e",
            "%ff",
            "",
            "openapi",
            "v3",
            "%c3%a9",
            "proxy",
            "watch",
            "kube-system",
            "apps",
            "deployments",
        ),
    ]
)
TYPICAL = st.sampled_from(
    ["/api/v1/namespaces/default/pods", "/api/v1/namespaces/default/configmaps", "/api/v1/namespaces"]
).flatmap(lambda base: st.sampled_from([base, f"{base}/x", f"{base}/x/status", f"{base}/x/finalize"]))
PATHS = TYPICAL | st.lists(STEPS, max_size=8).map(lambda steps: "/" + "/".join(steps))
PARAMETERS = st.sampled_from(
    [
        *("limit=1", "limit=-9", "continue=e30", "continue=eyJydiI6MSwic3RhcnQiOiIvIn0", "labelSelector=a,b!"),
        *("dryRun=All", "fieldManager=%00%ff", "fieldValidation=Strict", "propagationPolicy=Orphan", "pretty=1"),
        *("gracePeriodSeconds=-5", "gracePeriodSeconds=99999999999999999999", "fieldSelector=metadata.name%3Dx"),
        "resourceVersion=0",
    ]
)
KEYS = st.sampled_from(
    [
        *("metadata", "spec", "status", "data", "name", "generateName", "labels", "containers", "image", "finalizers"),
        *("stringData", "kind", "apiVersion", "managedFields", "resourceVersion", "preconditions", "op", "path"),
        *("value", "gracePeriodSeconds", "ownerReferences", "annotations"),
    ]
)
TEXTS = st.sampled_from(["x", "Pod", "v1", "1", "\ud800", "\0", "a" * 300, "remove", "/metadata", "/spec/containers/0"])
LEAVES: st.SearchStrategy[JSON] = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS
BODIES: st.SearchStrategy[JSON] = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=5), max_leaves=20
)
TYPES = st.sampled_from(["application/json", MERGE_PATCH, JSON_PATCH, "application/yaml", "", "x"])


@pytest.mark.long
@settings(max_examples=150, deadline=None, derandomize=True)
@given(st.lists(st.tuples(METHODS, PATHS, st.lists(PARAMETERS, max_size=3), BODIES, TYPES), min_size=1, max_size=5))
def test_no_request_is_answered_with_an_internal_error(
    requests: list[tuple[str, str, list[str], JSON, str]],
) -> None:
    async def run() -> None:
        async with serving() as api:
            for method, path, parameters, body, content_type in requests:
                query = "?" + "&".join(parameters) if parameters else ""
                reply = await api(method, path + query, body, content_type=content_type)
                # Two refusals of the real server are a 500 too: see writing.py.
                text = reply.data.decode("utf-8", "replace")
                assert reply.status < 500 or "resourceVersion" in text or "ParseUint" in text, (reply.status, text)

    asyncio.run(run())
