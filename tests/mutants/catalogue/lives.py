"""The life of an object: its revisions, names, uids, finalizers, owners, and its end."""

import json
from dataclasses import replace

from kproxy.model.jsontypes import JSONObject
from tests.mutants.catalogue.made import by_server
from tests.mutants.lies import Answers, Asked, Before, Behind, Of, Remembers, Requests, at, bodies, documents, drop, put
from tests.mutants.mutant import Mutant, Place
from tests.mutants.session import CONFIGMAPS, MERGE, PODS

A, B, HELD = f"{CONFIGMAPS}/a", f"{CONFIGMAPS}/b", f"{CONFIGMAPS}/held"
SWEPT = f"{CONFIGMAPS}/swept"
LATER = Of("POST", CONFIGMAPS, body='"name":"later"|"name": "later"')
BOUND = f"{PODS}/bound"
DEMO = "/api/v1/namespaces/default/pods/hello-demo"


def _same_revision(value: JSONObject, before: JSONObject) -> None:
    put(at(before, "metadata", "resourceVersion"), "metadata", "resourceVersion")(value)


def _same_uid(value: JSONObject, before: JSONObject) -> None:
    put(at(before, "metadata", "uid"), "metadata", "uid")(value)


async def _without_finalizers(asked: Asked, behind: Behind) -> None:
    headers = (*(pair for pair in asked.headers if pair[0].lower() != "content-type"), ("Content-Type", MERGE))
    body = json.dumps({"metadata": {"finalizers": None}}).encode()
    await behind.send(replace(asked, method="PATCH", headers=headers, body=body))


def _only_b(asked: Asked) -> Asked:
    return replace(asked, query=f"{asked.query}&fieldSelector=metadata.name%3Db")


REVISIONS: tuple[Mutant, ...] = (
    by_server(
        "revision-not-rising",
        "revision semantics",
        "an update is answered with the resourceVersion of before",
        Place("PUT", A, "body", r"\$\.metadata\.resourceVersion"),
        lambda: Remembers(first=Of("GET", A), of=Of("PUT", A, body='"k": "2"'), change=_same_revision),
    ),
    by_server(
        "no-op-revision-old",
        "revision semantics",
        "an update that changes nothing is answered with an older resourceVersion",
        Place("PUT", rf"{A}\?fieldValidation=Ignore", "body", r"\$\.metadata\.resourceVersion"),
        lambda: Remembers(first=Of("GET", A), of=Of("PUT", A, "Ignore"), change=_same_revision),
    ),
    by_server(
        "create-revision-old",
        "revision semantics",
        "a create is answered with the resourceVersion of a list of before",
        Place("POST", CONFIGMAPS, "body", r"\$\.metadata\.resourceVersion"),
        lambda: Remembers(first=Of("GET", CONFIGMAPS, "^limit=2$"), of=LATER, change=_same_revision),
    ),
    by_server(
        "last-finalizer-revision-old",
        "revision semantics",
        "the patch that takes the last finalizer away answers the resourceVersion of before the object was to go",
        Place("PATCH", SWEPT, "body", r"\$\.metadata\.resourceVersion"),
        lambda: Remembers(first=Of("POST", CONFIGMAPS, body="sweep"), of=Of("PATCH", SWEPT), change=_same_revision),
    ),
    by_server(
        "last-finalizer-revision-of-another",
        "revision semantics",
        "the patch that takes the last finalizer away answers another object's resourceVersion, of before",
        Place("PATCH", SWEPT, "body", r"\$\.metadata\.resourceVersion"),
        lambda: Remembers(first=Of("POST", CONFIGMAPS, body="bystander"), of=Of("PATCH", SWEPT), change=_same_revision),
    ),
    by_server(
        "optimistic-lock-ignored",
        "revision semantics",
        "an update of an old resourceVersion is carried out",
        Place("PUT", A, "status", "status"),
        lambda: Requests(of=Of("PUT", A, body='"k": "3"'), change=bodies(drop("metadata", "resourceVersion"))),
    ),
    by_server(
        "precondition-ignored",
        "revision semantics",
        "a delete of another uid is carried out",
        Place("DELETE", B, "status", "status"),
        lambda: Requests(of=Of("DELETE", B, body="00000000"), change=bodies(drop("preconditions"))),
    ),
    by_server(
        "generation-stays",
        "revision semantics",
        "a change of a pod's spec does not raise its generation",
        Place("PATCH", f"{PODS}/one", "body", r"\$\.metadata\.generation"),
        lambda: Answers(of=Of("PATCH", f"{PODS}/one", body="600"), change=documents(put(1, "metadata", "generation"))),
    ),
    by_server(
        "creation-moves",
        "revision semantics",
        "an update changes creationTimestamp",
        Place("PATCH", rf"{A}\?fieldManager=merger", "body", r"\$\.metadata\.creationTimestamp"),
        lambda: Answers(
            of=Of("PATCH", A, "merger"),
            change=documents(put("2020-01-01T00:00:00Z", "metadata", "creationTimestamp")),
        ),
    ),
)

NAMES: tuple[Mutant, ...] = (
    by_server(
        "generated-name-other",
        "generateName",
        "a generated name does not begin with its prefix",
        Place("POST", CONFIGMAPS, "body", r"\$\.metadata\.name"),
        lambda: Answers(
            of=Of("POST", CONFIGMAPS, body="generateName"), change=documents(put("other-abcde", "metadata", "name"))
        ),
    ),
    by_server(
        "generate-name-lost",
        "generateName",
        "an object with a generated name does not say its prefix",
        Place("POST", CONFIGMAPS, "body", r"\$\.metadata\.generateName"),
        lambda: Answers(
            of=Of("POST", CONFIGMAPS, body="generateName"), change=documents(drop("metadata", "generateName"))
        ),
    ),
    by_server(
        "uid-reused",
        "uids",
        "an object that is made again has the uid of the one before",
        Place("POST", CONFIGMAPS, "body", r"\$\.metadata\.uid"),
        lambda: Remembers(first=Of("GET", B), of=Of("POST", CONFIGMAPS, body='"name": "b"'), change=_same_uid),
    ),
    by_server(
        "owner-lost",
        "ownerRefs",
        "ownerReferences are not kept",
        Place("POST", CONFIGMAPS, "body", r"\$\.metadata\.ownerReferences"),
        lambda: Requests(
            of=Of("POST", CONFIGMAPS, body="ownerReferences"), change=bodies(drop("metadata", "ownerReferences"))
        ),
    ),
    by_server(
        "owner-other",
        "ownerRefs",
        "an ownerReference names another uid",
        Place("GET", f"{CONFIGMAPS}/owned", "body", r"\$\.metadata\.ownerReferences\[0\]\.uid"),
        lambda: Answers(
            of=Of("GET", f"{CONFIGMAPS}/owned"),
            change=documents(put("00000000-0000-4000-8000-00000000000b", "metadata", "ownerReferences", 0, "uid")),
        ),
    ),
)

ENDS: tuple[Mutant, ...] = (
    by_server(
        "finalizer-not-kept",
        "finalizers",
        "a new object's finalizers are not kept",
        Place("POST", CONFIGMAPS, "body", r"\$\.metadata\.finalizers"),
        lambda: Requests(of=Of("POST", CONFIGMAPS, body="finalizers"), change=bodies(drop("metadata", "finalizers"))),
    ),
    by_server(
        "finalizer-not-awaited",
        "finalizers",
        "a delete does not wait for finalizers",
        Place("DELETE", HELD, "body", r"\$.*"),
        lambda: Before(of=Of("DELETE", HELD), act=_without_finalizers),
    ),
    by_server(
        "deletion-timestamp-missing",
        "graceful deletion",
        "what waits for its end does not say so",
        Place("DELETE", HELD, "body", r"\$\.metadata\.deletionTimestamp"),
        lambda: Answers(of=Of("DELETE", HELD), change=documents(drop("metadata", "deletionTimestamp"))),
    ),
    by_server(
        "deletion-timestamp-moves",
        "graceful deletion",
        "the time of an end changes from read to read",
        Place("GET", HELD, "body", r"\$\.metadata\.deletionTimestamp"),
        lambda: Answers(
            of=Of("GET", HELD), change=documents(put("2020-01-01T00:00:00Z", "metadata", "deletionTimestamp"))
        ),
    ),
    by_server(
        "grace-ignored",
        "graceful deletion",
        "a pod on a node is deleted at once",
        Place("DELETE", BOUND, "body", r"\$\.metadata\.deletionGracePeriodSeconds"),
        lambda: Requests(of=Of("DELETE", BOUND, body="40"), change=bodies(put(0, "gracePeriodSeconds"))),
    ),
    by_server(
        "grace-capped",
        "graceful deletion",
        "a pod gets thirty seconds of the forty that were asked for",
        Place("DELETE", BOUND, "body", r"\$\.metadata\.deletionGracePeriodSeconds"),
        lambda: Requests(of=Of("DELETE", BOUND, body="40"), change=bodies(put(30, "gracePeriodSeconds"))),
    ),
    by_server(
        "delete-answers-object",
        "graceful deletion",
        "a delete that is carried out at once answers the object",
        Place("DELETE", B, "body", r"\$\.kind"),
        lambda: Answers(of=Of("DELETE", B, body="preconditions"), change=documents(put("ConfigMap", "kind"))),
    ),
    by_server(
        "collection-leaves-one",
        "graceful deletion",
        "deletecollection leaves an object that it selects",
        Place(
            "DELETE", rf"{CONFIGMAPS}\?labelSelector.*", "body|etcd", r"\$\.items.*|/registry/configmaps/dense/c\[2\]"
        ),
        lambda: Requests(of=Of("DELETE", CONFIGMAPS), change=_only_b),
    ),
    by_server(
        "namespace-stays-active",
        "graceful deletion",
        "a namespace that is to go is still Active",
        Place("DELETE", "/api/v1/namespaces/brief", "body", r"\$\.status\.phase"),
        lambda: Answers(
            of=Of("DELETE", "/api/v1/namespaces/brief"), change=documents(put("Active", "status", "phase"))
        ),
    ),
    by_server(
        "demo-grace-other",
        "graceful deletion",
        "the walkthrough's pod goes with another grace",
        Place("DELETE", DEMO, "body", r"\$\.metadata\.deletionGracePeriodSeconds"),
        lambda: Answers(of=Of("DELETE", DEMO), change=documents(put(5, "metadata", "deletionGracePeriodSeconds"))),
        golden="hello-demo",
    ),
)

MUTANTS = (*REVISIONS, *NAMES, *ENDS)
