"""Answers: statuses, defaults, validation, admission, patches, dry runs, warnings, headers."""

from collections.abc import Callable
from dataclasses import replace

from tests.mutants.catalogue.made import by_server
from tests.mutants.lies import (
    Answers,
    Asked,
    Cuts,
    Of,
    Requests,
    bodies,
    documents,
    drop,
    put,
    status,
    with_header,
    with_parameter,
    with_status,
    without_header,
    without_parameter,
)
from tests.mutants.mutant import Mutant, Place
from tests.mutants.session import CONFIGMAPS, NAMESPACE, PODS, SECRETS, configmap

A = f"{CONFIGMAPS}/a"
ONE = f"{PODS}/one"
NAMESPACES = "/api/v1/namespaces"
SECOND_A = r'"name": "a"\}'
INVALID = "Not_A_Name"


def _path(path: str) -> Callable[[Asked], Asked]:
    return lambda asked: replace(asked, path=path)


def _replacing(asked: Asked) -> Asked:
    return replace(asked, method="PUT", path=A)


def _operations(text: bytes) -> Callable[[Asked], Asked]:
    return lambda asked: replace(asked, body=text)


STATUSES: tuple[Mutant, ...] = (
    by_server(
        "create-answers-200",
        "status codes",
        "a created object is answered with 200 instead of 201",
        Place("POST", CONFIGMAPS, "status", "status"),
        lambda: Answers(of=Of("POST", CONFIGMAPS, body='"first"'), change=status(200)),
    ),
    by_server(
        "missing-is-410",
        "status codes",
        "what is not there is answered with 410 instead of 404",
        Place("GET", f"{CONFIGMAPS}/missing", "status", "status"),
        lambda: Answers(of=Of("GET", f"{CONFIGMAPS}/missing"), change=status(410)),
    ),
    by_server(
        "create-replaces",
        "status codes",
        "a create of what is there replaces it instead of a 409",
        Place("POST", CONFIGMAPS, "status", "status"),
        lambda: Requests(of=Of("POST", CONFIGMAPS, body=SECOND_A), change=_replacing),
    ),
    by_server(
        "delete-answers-202",
        "status codes",
        "a delete that was carried out is answered with 202",
        Place("DELETE", f"{SECRETS}/s", "status", "status"),
        lambda: Answers(of=Of("DELETE", f"{SECRETS}/s"), change=status(202)),
    ),
    by_server(
        "namespace-not-checked",
        "status codes",
        "a create in a namespace that is not there is not refused",
        Place("POST", f"{NAMESPACES}/nowhere/configmaps", "status", "status"),
        lambda: Requests(of=Of("POST", ".*/nowhere/configmaps"), change=_path(CONFIGMAPS)),
    ),
    by_server(
        "unknown-resource-listed",
        "status codes",
        "a resource that there is not has a list",
        Place("GET", f"{NAMESPACE}/unknowns", "status", "status"),
        lambda: Requests(of=Of("GET", f"{NAMESPACE}/unknowns"), change=_path(CONFIGMAPS)),
    ),
    by_server(
        "other-reason",
        "status codes",
        "a 404 gives another reason",
        Place("GET", f"{CONFIGMAPS}/missing", "body", r"\$\.reason"),
        lambda: Answers(of=Of("GET", f"{CONFIGMAPS}/missing"), change=documents(put("Gone", "reason"))),
    ),
    by_server(
        "other-message",
        "status codes",
        "a conflict is explained in other words",
        Place("PUT", A, "body", r"\$\.message"),
        lambda: Answers(of=Of("PUT", A, body='"k": "3"'), change=documents(put("try again", "message"))),
    ),
    by_server(
        "connection-cut",
        "status codes",
        "the connection is cut in an answer's place",
        Place("GET", f"{CONFIGMAPS}/owned", "end|missing|status", ".*"),
        lambda: Cuts(of=Of("GET", f"{CONFIGMAPS}/owned")),
    ),
)

DEFAULTS: tuple[Mutant, ...] = (
    by_server(
        "restart-policy-never",
        "defaults",
        "a pod's restartPolicy defaults to Never",
        Place("POST", PODS, "body", r"\$\.spec\.restartPolicy"),
        lambda: Answers(of=Of("POST", PODS), change=documents(put("Never", "spec", "restartPolicy"))),
    ),
    by_server(
        "default-missing",
        "defaults",
        "a pod gets no dnsPolicy",
        Place("POST", PODS, "body", r"\$\.spec\.dnsPolicy"),
        lambda: Answers(of=Of("POST", PODS), change=documents(drop("spec", "dnsPolicy"))),
    ),
    by_server(
        "stringdata-kept",
        "defaults",
        "a Secret keeps stringData beside data",
        Place("POST", SECRETS, "body", r"\$\.stringData"),
        lambda: Answers(of=Of("POST", SECRETS), change=documents(put({"word": "x"}, "stringData"))),
    ),
    by_server(
        "namespace-label-missing",
        "defaults",
        "a namespace does not bear its name as a label",
        Place("POST", NAMESPACES, "body", r"\$\.metadata\.labels"),
        lambda: Answers(of=Of("POST", NAMESPACES), change=documents(drop("metadata", "labels"))),
    ),
    by_server(
        "secret-changed",
        "defaults",
        "a Secret's value is another one when it is read",
        Place("GET", f"{SECRETS}/s", "body", r"\$\.data\.word"),
        lambda: Answers(of=Of("GET", f"{SECRETS}/s"), change=documents(put("b3RoZXI=", "data", "word"))),
    ),
    by_server(
        "null-for-absent",
        "defaults",
        "a field that is not there is null",
        Place("GET", NAMESPACE, "body", r"\$\.metadata\.annotations"),
        lambda: Answers(of=Of("GET", NAMESPACE), change=documents(put(None, "metadata", "annotations"))),
    ),
)

VALIDATION: tuple[Mutant, ...] = (
    by_server(
        "invalid-name-taken",
        "validation",
        "a name that is none is taken, mended",
        Place("POST", CONFIGMAPS, "status", "status"),
        lambda: Requests(of=Of("POST", CONFIGMAPS, body=INVALID), change=bodies(put("mended", "metadata", "name"))),
    ),
    by_server(
        "other-cause",
        "validation",
        "an invalid name is told of another field",
        Place("POST", CONFIGMAPS, "body", r"\$\.details\.causes\[0\]\.field"),
        lambda: Answers(
            of=Of("POST", CONFIGMAPS, body=INVALID), change=documents(put("metadata", "details", "causes", 0, "field"))
        ),
    ),
    by_server(
        "strict-ignored",
        "validation",
        "fieldValidation=Strict lets an unknown field pass",
        Place("POST", rf"{CONFIGMAPS}\?fieldValidation=Strict", "status", "status"),
        lambda: Requests(of=Of("POST", CONFIGMAPS, "Strict"), change=with_parameter("fieldValidation", "Ignore")),
    ),
    by_server(
        "unknown-field-kept",
        "validation",
        "an unknown field is kept",
        Place("POST", rf"{CONFIGMAPS}\?fieldValidation=Warn", "body", r"\$\.unknown"),
        lambda: Answers(of=Of("POST", CONFIGMAPS, "Warn"), change=documents(put(1, "unknown"))),
    ),
    by_server(
        "no-warnings",
        "warnings",
        "an unknown field is not warned of",
        Place("POST", rf"{CONFIGMAPS}\?fieldValidation=Warn", "header", "warning"),
        lambda: Answers(of=Of("POST", CONFIGMAPS, "Warn"), change=without_header("warning")),
    ),
    by_server(
        "immutable-changed",
        "validation",
        "what is immutable is changed",
        Place("PUT", f"{CONFIGMAPS}/fixed", "status", "status"),
        lambda: Answers(of=Of("PUT", f"{CONFIGMAPS}/fixed"), change=with_status(200, configmap("fixed", {"k": "2"}))),
    ),
    by_server(
        "immutable-not-kept",
        "validation",
        "immutable is not kept",
        Place("POST", CONFIGMAPS, "body", r"\$\.immutable"),
        lambda: Requests(of=Of("POST", CONFIGMAPS, body="immutable"), change=bodies(drop("immutable"))),
    ),
    by_server(
        "pod-moved",
        "validation",
        "a pod's nodeName is changed by a patch, which is refused in other words",
        Place("PATCH", ONE, "body", r"\$\.(message|details.*)"),
        lambda: Answers(of=Of("PATCH", ONE, body="nodeName"), change=documents(drop("details", "causes"))),
    ),
    by_server(
        "selector-not-parsed",
        "validation",
        "a label selector that is none selects everything",
        Place("GET", rf"{CONFIGMAPS}\?labelSelector=%28%28", "status", "status"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "%28%28"), change=without_parameter("labelSelector")),
    ),
)

ADMISSION: tuple[Mutant, ...] = (
    by_server(
        "label-injected",
        "admission",
        "each pod gets a label",
        Place("POST", PODS, "body", r"\$\.metadata\.labels\.injected"),
        lambda: Requests(of=Of("POST", PODS), change=bodies(put("yes", "metadata", "labels", "injected"))),
    ),
    by_server(
        "image-rewritten",
        "admission",
        "each pod's image comes from a mirror",
        Place("POST", PODS, "body", r"\$\.spec\.containers\[0\]\.image"),
        lambda: Requests(of=Of("POST", PODS), change=bodies(put("mirror/dense:1.0", "spec", "containers", 0, "image"))),
    ),
    by_server(
        "finalizer-injected",
        "admission",
        "a ConfigMap gets a finalizer",
        Place("POST", CONFIGMAPS, "body", r"\$\.metadata\.finalizers"),
        lambda: Requests(
            of=Of("POST", CONFIGMAPS, body='"later"'), change=bodies(put(["example.com/x"], "metadata", "finalizers"))
        ),
    ),
)

PATCHES: tuple[Mutant, ...] = (
    by_server(
        "merge-patch-null-ignored",
        "patch semantics",
        "null in a merge patch does not take a field away",
        Place("PATCH", A, "body", r"\$\.data\.k"),
        lambda: Requests(of=Of("PATCH", A, "fieldManager=merger"), change=bodies(drop("data", "k"))),
    ),
    by_server(
        "json-patch-test-ignored",
        "patch semantics",
        "a JSON patch goes on after a test that fails",
        Place("PATCH", A, "status", "status"),
        lambda: Requests(of=Of("PATCH", A, body='"9"'), change=_operations(b"[]")),
    ),
    by_server(
        "json-patch-remove-ignored",
        "patch semantics",
        "a JSON patch's remove takes nothing away",
        Place("PATCH", A, "body|etcd", r"\$\.data\.m|/registry/configmaps/dense/a\[4\]"),  # nothing is written
        lambda: Requests(of=Of("PATCH", A, body='"remove"'), change=_operations(b"[]")),
    ),
    by_server(
        "status-writes-spec",
        "patch semantics",
        "a patch of the subresource status changes the spec instead",
        Place("PATCH", f"{ONE}/status", "body", r"\$\.(spec\.activeDeadlineSeconds|status\.message)"),
        lambda: Requests(of=Of("PATCH", f"{ONE}/status"), change=_path(ONE)),
    ),
    by_server(
        "manager-wrong",
        "managed fields",
        "a write is put down to another manager",
        Place("PATCH", rf"{A}\?fieldManager=merger", "body", r"\$\.metadata\.managedFields.*"),
        lambda: Requests(of=Of("PATCH", A, "merger"), change=with_parameter("fieldManager", "somebody")),
    ),
    by_server(
        "managed-fields-missing",
        "managed fields",
        "a read does not show managedFields",
        Place("GET", A, "body", r"\$\.metadata\.managedFields"),
        lambda: Answers(of=Of("GET", A), change=documents(drop("metadata", "managedFields"))),
    ),
    by_server(
        "dry-run-writes",
        "dry runs",
        "a dry run is none",
        Place("POST", rf"{CONFIGMAPS}\?dryRun=All", "body|etcd", r".*"),
        lambda: Requests(of=Of("POST", CONFIGMAPS, "dryRun"), change=without_parameter("dryRun")),
    ),
    by_server(
        "write-not-carried-out",
        "dry runs",
        "a write is answered as if it were carried out, and is not",
        Place("PATCH", f"{ONE}/status", "body|etcd", r"\$\.metadata\.resourceVersion|/registry/pods/dense/one.*"),
        lambda: Requests(of=Of("PATCH", f"{ONE}/status"), change=with_parameter("dryRun", "All")),
    ),
)

HEADERS: tuple[Mutant, ...] = (
    by_server(
        "cache-control-missing",
        "headers",
        "an answer may be cached",
        Place("GET", NAMESPACE, "header", "cache-control"),
        lambda: Answers(of=Of("GET", NAMESPACE), change=without_header("cache-control")),
    ),
    by_server(
        "content-type-other",
        "headers",
        "JSON is said to be text",
        Place("GET", NAMESPACE, "header|body", "content-type|.*"),
        lambda: Answers(of=Of("GET", NAMESPACE), change=with_header("content-type", "text/plain")),
    ),
    by_server(
        "audit-id-repeated",
        "headers",
        "all requests get one audit id",
        Place("GET", NAMESPACE, "header", "audit-id"),
        lambda: Answers(
            of=Of("", r"/api/v1/namespaces.*"), change=with_header("audit-id", "00000000-0000-4000-8000-000000000001")
        ),
    ),
    by_server(
        "flow-schema-other",
        "headers",
        "one request of a user is classified as no other one is",
        Place("GET", NAMESPACE, "header", "x-kubernetes-pf-flowschema-uid"),
        lambda: Answers(
            of=Of("GET", NAMESPACE),
            change=with_header("x-kubernetes-pf-flowschema-uid", "00000000-0000-4000-8000-000000000002"),
        ),
    ),
)

MUTANTS = (*STATUSES, *DEFAULTS, *VALIDATION, *ADMISSION, *PATCHES, *HEADERS)
