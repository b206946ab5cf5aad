"""Answers and requests: statuses, defaults, validation, admission, patches, dry runs, warnings, headers."""

from collections.abc import Callable

from tests.mutants.lies import (
    Answers,
    Lie,
    Of,
    Requests,
    bodies,
    documents,
    drop,
    put,
    status,
    without_header,
    without_parameter,
)
from tests.mutants.mutant import Mutant, Place, Way
from tests.mutants.session import CONFIGMAPS, PODS, SECRETS


def _made(name: str, area: str, does: str, first: Place, lie: Callable[[], Lie]) -> Mutant:
    return Mutant(name=name, area=area, does=does, way=Way.SERVER, first=first, lie=lie)


A = f"{CONFIGMAPS}/a"

MUTANTS = (
    _made(
        "create-answers-200",
        "status codes",
        "a created object is answered with 200 instead of 201",
        Place("POST", CONFIGMAPS, "status", "status"),
        lambda: Answers(of=Of("POST", CONFIGMAPS, body='"first"'), change=status(200)),
    ),
    _made(
        "missing-is-410",
        "status codes",
        "what is not there is answered with 410 instead of 404",
        Place("GET", f"{CONFIGMAPS}/missing", "status", "status"),
        lambda: Answers(of=Of("GET", f"{CONFIGMAPS}/missing"), change=status(410)),
    ),
    _made(
        "restart-policy-never",
        "defaults",
        "a pod's restartPolicy defaults to Never",
        Place("POST", PODS, "body", r"\$\.spec\.restartPolicy"),
        lambda: Answers(of=Of("POST", PODS), change=documents(put("Never", "spec", "restartPolicy"))),
    ),
    _made(
        "default-missing",
        "defaults",
        "a pod gets no dnsPolicy",
        Place("POST", PODS, "body", r"\$\.spec\.dnsPolicy"),
        lambda: Answers(of=Of("POST", PODS), change=documents(drop("spec", "dnsPolicy"))),
    ),
    _made(
        "merge-patch-keeps-nulls-field",
        "patch semantics",
        "null in a merge patch does not take a field away",
        Place("PATCH", A, "body", r"\$\.data\.k"),
        lambda: Requests(of=Of("PATCH", A, "fieldManager=merger"), change=bodies(drop("data", "k"))),
    ),
    _made(
        "limit-ignored",
        "pagination",
        "a list ignores limit",
        Place("GET", rf"{CONFIGMAPS}\?limit=2", "body", r"\$\.(metadata\.continue|items\[2\])"),
        lambda: Requests(of=Of("GET", CONFIGMAPS, "^limit=2$"), change=without_parameter("limit")),
    ),
    _made(
        "dry-run-writes",
        "dry runs",
        "a dry run is none",
        Place("POST", rf"{CONFIGMAPS}\?dryRun=All", "body|etcd", r".*"),
        lambda: Requests(of=Of("POST", CONFIGMAPS, "dryRun"), change=without_parameter("dryRun")),
    ),
    _made(
        "no-warnings",
        "warnings",
        "an unknown field is not warned of",
        Place("POST", rf"{CONFIGMAPS}\?fieldValidation=Warn", "header", "warning"),
        lambda: Answers(of=Of("POST", CONFIGMAPS, "Warn"), change=without_header("warning")),
    ),
    _made(
        "stringdata-kept",
        "defaults",
        "a Secret keeps stringData beside data",
        Place("POST", SECRETS, "body", r"\$\.stringData"),
        lambda: Answers(of=Of("POST", SECRETS), change=documents(put({"word": "x"}, "stringData"))),
    ),
)
