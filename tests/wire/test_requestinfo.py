"""What the api-server makes of a method and a target; most cases are those of its own requestinfo_test.go."""

from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.model.api import RequestInfo
from kproxy.model.exchange import Exchange, Nanos, Request, Seq
from kproxy.wire.requestinfo import first_values, is_write, request_info

CASES = [
    ("GET", "/api/v1/namespaces", "list", "", "v1", "", "namespaces", "", ""),
    ("GET", "/api/v1/namespaces/other", "get", "", "v1", "other", "namespaces", "", "other"),
    ("GET", "/api/v1/namespaces/other/pods", "list", "", "v1", "other", "pods", "", ""),
    ("GET", "/api/v1/namespaces/other/pods/foo", "get", "", "v1", "other", "pods", "", "foo"),
    ("HEAD", "/api/v1/namespaces/other/pods/foo", "get", "", "v1", "other", "pods", "", "foo"),
    ("HEAD", "/api/v1/pods", "list", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/proxy/namespaces/other/pods/foo", "proxy", "", "v1", "other", "pods", "", "foo"),
    ("GET", "/api/v1/proxy/namespaces/other/pods/foo/not/a/sub", "proxy", "", "v1", "other", "pods", "", "foo"),
    ("GET", "/api/v1/watch/pods", "watch", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/watch/namespaces/other/pods", "watch", "", "v1", "other", "pods", "", ""),
    ("GET", "/api/v1/watch/namespaces/other/pods/foo", "watch", "", "v1", "other", "pods", "", "foo"),
    ("GET", "/api/v1/pods?watch=true", "watch", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/pods?watch", "watch", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/pods?watch=false", "list", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/pods?watch=FALSE&watch=1", "list", "", "v1", "", "pods", "", ""),
    ("GET", "/api/v1/namespaces/other/pods?watch=1", "watch", "", "v1", "other", "pods", "", ""),
    ("GET", "/api/v1/namespaces/other/pods?watch=0", "list", "", "v1", "other", "pods", "", ""),
    ("GET", "/api/v1/namespaces/other/pods/foo?watch=1", "get", "", "v1", "other", "pods", "", "foo"),
    ("GET", "/api/v1/namespaces/other/pods/foo/status", "get", "", "v1", "other", "pods", "status", "foo"),
    ("GET", "/api/v1/namespaces/other/pods/foo/proxy/sub", "get", "", "v1", "other", "pods", "proxy", "foo"),
    ("POST", "/api/v1/namespaces/other/pods/foo/exec?command=x", "create", "", "v1", "other", "pods", "exec", "foo"),
    ("PUT", "/api/v1/namespaces/other/finalize", "update", "", "v1", "other", "namespaces", "finalize", "other"),
    ("PUT", "/api/v1/namespaces/other/status", "update", "", "v1", "other", "namespaces", "status", "other"),
    ("PATCH", "/api/v1/namespaces/other/pods/foo", "patch", "", "v1", "other", "pods", "", "foo"),
    ("DELETE", "/api/v1/namespaces/other/pods/foo", "delete", "", "v1", "other", "pods", "", "foo"),
    ("DELETE", "/api/v1/nodes", "deletecollection", "", "v1", "", "nodes", "", ""),
    ("DELETE", "/api/v1/namespaces/other/pods", "deletecollection", "", "v1", "other", "pods", "", ""),
    ("POST", "/apis/apps/v1/namespaces/other/deployments", "create", "apps", "v1", "other", "deployments", "", ""),
    ("GET", "/apis/batch/v1/jobs/foo/scale", "get", "batch", "v1", "", "jobs", "scale", "foo"),
    ("GET", "/apis/a.b/v1/x?fieldSelector=metadata.name%3Dn", "list", "a.b", "v1", "", "x", "", "n"),
    ("GET", "/apis/a.b/v1/x?watch=1&fieldSelector=a=b,metadata.name==n", "watch", "a.b", "v1", "", "x", "", "n"),
    ("GET", "/apis/a.b/v1/x?fieldSelector=metadata.name=n,foo", "list", "a.b", "v1", "", "x", "", ""),
    ("GET", "/apis/a.b/v1/x?fieldSelector=metadata.name!=n", "list", "a.b", "v1", "", "x", "", ""),
    ("GET", "/apis/a.b/v1/x?fieldSelector=metadata.name=a/b", "list", "a.b", "v1", "", "x", "", ""),
    ("GET", "/apis/a.b/v1/x?fieldSelector=metadata.name=a%5C,b", "list", "a.b", "v1", "", "x", "", "a,b"),
    ("GET", "/apis/a.b/v1/x?limit=many&watch=1&fieldSelector=metadata.name=n", "watch", "a.b", "v1", "", "x", "", ""),
    ("GET", "/apis/a.b/v1/x?fieldSelector=metadata.name=n&labelSelector=a=b", "list", "a.b", "v1", "", "x", "", "n"),
    ("GET", "/apis/a.b/v1/x?fieldSelector=metadata.name=n&labelSelector=a=b=c", "list", "a.b", "v1", "", "x", "", ""),
    ("GET", "/apis/a.b/v1/watch/x?fieldSelector=metadata.name=n", "watch", "a.b", "v1", "", "x", "", ""),
    ("GET", "/api/v1/namespaces/o/configmaps/kube%2Droot", "get", "", "v1", "o", "configmaps", "", "kube-root"),
    ("GET", "/apis/a.b/v1/x?fieldSelector=,metadata.name=n,", "list", "a.b", "v1", "", "x", "", "n"),
    ("GET", "//api/v1/pods//", "list", "", "v1", "", "pods", "", ""),
    ("GET", "https://server:6443/api/v1/pods?limit=5", "list", "", "v1", "", "pods", "", ""),
    ("BREW", "/api/v1/pods", "", "", "v1", "", "pods", "", ""),
]


@pytest.mark.parametrize(
    ("method", "target", "verb", "group", "version", "namespace", "resource", "subresource", "name"), CASES
)
def test_a_resource_request_means_what_the_server_says(  # noqa: PLR0913, PLR0917 - one column each
    method: str,
    target: str,
    verb: str,
    group: str,
    version: str,
    namespace: str,
    resource: str,
    subresource: str,
    name: str,
) -> None:
    info = request_info(method, target)
    assert info == RequestInfo(
        verb=verb,
        path=info.path,
        is_resource=True,
        group=group,
        version=version,
        resource=resource,
        subresource=subresource,
        namespace=namespace,
        name=name,
    )


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/",
        "*",
        "/api",
        "/api/v1",
        "/api/v1/",
        "/apis",
        "/apis/apps",
        "/apis/apps/v1/",
        "/healthz",
        "/openapi/v3/apis/apps/v1",
        "/notapi/v1/pods",
        "/api/v1/pods/%zz",
        "/api/v1/pods/%20%zz",
        "/api/v1/pods/a%2",
        "server:443",
    ],
)
def test_what_is_no_resource_keeps_the_method_as_its_verb(target: str) -> None:
    info = request_info("Get", target)
    assert not info.is_resource
    assert info.verb == "get"
    assert info.resource == info.namespace == info.name == ""


def test_a_special_verb_without_a_resource_is_still_a_resource_request() -> None:
    info = request_info("GET", "/api/v1/watch")
    assert (info.is_resource, info.verb, info.resource) == (True, "get", "")


def test_path_bytes_that_are_no_utf8_are_replaced() -> None:
    assert request_info("GET", "/api/v1/namespaces/%ff/pods").namespace == "�"


def test_queries_are_read_as_go_reads_them() -> None:
    assert first_values("a=1&a=2&b&c=%zz&d=x;y&e=a+b%2B&=v") == {"a": "1", "b": "", "e": "a b+", "": "v"}


@given(st.text(), st.text())
def test_garbage_never_raises(method: str, target: str) -> None:
    request_info(method, target)
    request_info("GET", f"/api/v1/pods?{target}")
    request_info("GET", f"/apis/{target}")


@pytest.mark.parametrize(
    ("line", "writes"),
    [
        ("POST /api/v1/namespaces/n/pods", True),
        ("DELETE /api/v1/namespaces/n/pods", True),
        ("PATCH /api/v1/namespaces/n/pods/a/status", True),
        ("POST /api/v1/namespaces/n/pods/a/binding", True),
        ("POST /api/v1/namespaces/n/pods?fieldManager=dryRun", True),
        ("POST /api/v1/namespaces/n/pods?dryRun=All", False),
        ("POST /api/v1/namespaces/n/pods/a/exec", False),
        ("GET /api/v1/namespaces/n/pods", False),
        ("POST /version", False),
    ],
)
def test_a_request_writes_if_its_verb_does_and_it_is_not_only_tried(line: str, *, writes: bool) -> None:
    method, _, target = line.partition(" ")
    request = Request(method=method, target=target, http_version="HTTP/1.1", headers=())
    exchange = Exchange(seq=Seq(1), connection=1, started=Nanos(0), request=request, info=request_info(method, target))
    assert is_write(exchange) is writes


@pytest.mark.parametrize("value", ["a\\", "a\\b", "a=b"])
def test_a_name_that_is_escaped_in_another_way_is_none(value: str) -> None:
    assert request_info("GET", f"/api/v1/pods?fieldSelector=metadata.name={quote(value)}").name == ""


@pytest.mark.parametrize(
    ("target", "path"),
    [
        ("/version?x=1", "/version"),
        ("/a%20b", "/a b"),
        ("/api/v1/pods/%zz?x", "/api/v1/pods/%zz"),
        ("/api/v1/namespaces/n/pods/a%2Db?watch=1", "/api/v1/namespaces/n/pods/a-b"),
        ("/apis/apps/v1/watch", "/apis/apps/v1/watch"),
        ("https://server:6443/api/v1/pods?limit=5", "/api/v1/pods"),
        ("https://server?x=/y", ""),
        ("//api/v1/pods//", "//api/v1/pods//"),
    ],
)
def test_the_path_is_what_stands_before_the_query_without_its_escapes(target: str, path: str) -> None:
    assert request_info("GET", target).path == path


def test_a_special_verb_without_a_resource_has_its_group_and_version() -> None:
    info = request_info("POST", "/apis/apps/v1beta1/watch")
    assert (info.verb, info.group, info.version, info.resource) == ("post", "apps", "v1beta1", "")


@pytest.mark.parametrize(
    ("number", "taken"),
    [
        ("5", True),
        ("+5", True),
        ("-5", True),
        ("0", True),
        ("00000000000000000000000000005", True),
        ("9223372036854775807", True),
        ("9223372036854775808", False),
        ("-9223372036854775808", True),
        ("-9223372036854775809", False),
        ("10000000000000000000", False),
        ("", False),
        ("-", False),
        ("+-5", False),
        ("5.0", False),
        ("٣", False),
        ("1_0", False),
    ],
)
def test_a_limit_that_is_no_number_of_gos_costs_the_list_its_name(number: str, *, taken: bool) -> None:
    for parameter in ("limit", "timeoutSeconds"):
        target = f"/api/v1/pods?fieldSelector=metadata.name=n&{parameter}={quote(number)}"
        assert request_info("GET", target).name == ("n" if taken else "")
