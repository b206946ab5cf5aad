"""Names that a server, or a controller, makes of other values and of something drawn: a closed list.

Such a name is the other server's when what it was made of is equal up to renaming, and what was drawn has the same
form.
Names that only repeat a name (`web-x7k2p.default.svc`, `pvc-UID`, the pods of a StatefulSet) are no forms of their own:
renaming a text renames them.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from kproxy.model.jsontypes import JSONObject, text

_SAFE = "bcdfghjklmnpqrstvwxz2456789"
"""Letters and digits of what Kubernetes draws (k8s.io/apimachinery/pkg/util/rand), without vowels."""

_SUFFIX = re.compile(f"[{_SAFE}]{{5}}")
_HASH = re.compile(f"(?P<stem>(?:.+-)?)(?P<drawn>[{_SAFE}]{{6,10}})")
_LONGEST_PREFIX = 58
"""Characters of a generateName that are used (k8s.io/apiserver/pkg/storage/names)."""

HASH_FIELDS = frozenset(
    {"pod-template-hash", "controller-revision-hash", "controller.kubernetes.io/hash", "currentRevision"}
    | {"updateRevision"}
)
"""Fields that hold the hash of a template, or a ControllerRevision's name that ends with it.

Sources: k8s.io/kubernetes/pkg/controller/controller_utils.go (ComputeHash) and pkg/controller/history
(ControllerRevisionName). It is a function of the template, and so may well be equal.
"""

TOKEN_VOLUME = "kube-api-access-"  # noqa: S105 - how a name begins
"""A projected token's volume: such a name is one within its pod, and another pod may have the same one."""

type Stem = str
type Read = Callable[[JSONObject, str], Stem | None]


@dataclass(frozen=True, slots=True)
class Form:
    """A form of names. `read` tells what a name of it was made of, None for a name that is not of it.

    `parent` of `read`: the object that the name stands in, most often metadata.
    """

    name: str
    example: str
    source: str
    read: Read


def _pattern(expression: str) -> Read:
    """A form that the name alone tells; its group `stem`, if it has one, is what it was made of."""
    compiled = re.compile(expression)

    def read(parent: JSONObject, name: str) -> Stem | None:
        del parent
        found = compiled.fullmatch(name)
        return None if found is None else found.groupdict().get("stem") or ""

    return read


def _generated(parent: JSONObject, name: str) -> Stem | None:
    rest = _behind_prefix(parent, name)
    return text(parent.get("generateName")) if rest and _SUFFIX.fullmatch(rest) else None


def _generated_elsewhere(parent: JSONObject, name: str) -> Stem | None:
    rest = _behind_prefix(parent, name)
    return f"{text(parent.get('generateName'))}{len(rest)}" if rest and not _SUFFIX.fullmatch(rest) else None


def _behind_prefix(parent: JSONObject, name: str) -> str:
    prefix = text(parent.get("generateName"))[:_LONGEST_PREFIX]
    return name[len(prefix) :] if prefix and name.startswith(prefix) else ""


def _of_template(parent: JSONObject, name: str) -> Stem | None:
    labels = parent.get("labels")
    if not isinstance(labels, dict):
        return None
    for field in HASH_FIELDS & labels.keys():
        drawn = text(labels.get(field))
        if drawn and name.endswith(f"-{drawn}") and hash_in(drawn) == ("", drawn):
            return name[: -len(drawn) - 1]
    return None


def _account_token(parent: JSONObject, name: str) -> Stem | None:
    annotations = parent.get("annotations")
    account = text(annotations.get("kubernetes.io/service-account.name")) if isinstance(annotations, dict) else ""
    prefix = f"{account}-token-"
    rest = name[len(prefix) :] if account and name.startswith(prefix) else ""
    return account if _SUFFIX.fullmatch(rest) else None


def _of_cron_job(parent: JSONObject, name: str) -> Stem | None:
    stem, _, minutes = name.rpartition("-")
    owners = parent.get("ownerReferences")
    owned = any(
        isinstance(each, dict) and (each.get("kind"), each.get("name")) == ("CronJob", stem)
        for each in (owners if isinstance(owners, list) else ())
    )
    return stem if owned and minutes.isascii() and minutes.isdecimal() and 8 <= len(minutes) <= 10 else None


FORMS = (
    Form(
        "generateName",
        "web-5d4f8c7b9-x2x4q, web-x7k2p (an EndpointSlice), csr-x7k2p, job-x7k2p",
        "k8s.io/apiserver/pkg/storage/names/generate.go",
        _generated,
    ),
    Form(
        "generateName, by a server with letters of its own",
        "web-0001",
        "API conventions, «Idempotency»: a server makes the suffix as it likes; its length stays",
        _generated_elsewhere,
    ),
    Form(
        "a ReplicaSet's or ControllerRevision's name, with the hash in its label",
        "web-5d4f8c7b9",
        "k8s.io/kubernetes/pkg/controller/deployment/sync.go, pkg/controller/history/controller_history.go",
        _of_template,
    ),
    Form(
        "an Event's name",
        "web-5d4f8c7b9-x2x4q.17a3b5c7d9e1f203",
        "k8s.io/client-go/tools/record/event.go: the object's name, and a time in nanoseconds as hex",
        _pattern(r"(?P<stem>.+)\.1[0-9a-f]{15}"),
    ),
    Form(
        "a projected token's volume",
        "kube-api-access-x7k2p",
        "k8s.io/kubernetes/plugin/pkg/admission/serviceaccount/admission.go",
        _pattern(f"{TOKEN_VOLUME}[{_SAFE}]{{5}}"),
    ),
    Form(
        "a ServiceAccount's token Secret",
        "default-token-x7k2p",
        "k8s.io/kubernetes/pkg/controller/serviceaccount/tokens_controller.go, until 1.24",
        _account_token,
    ),
    Form(
        "a CronJob's Job",
        "nightly-29400180",
        "k8s.io/kubernetes/pkg/controller/cronjob/utils.go (getJobName): the scheduled time in minutes",
        _of_cron_job,
    ),
    Form(
        "an api-server's identity Lease",
        "apiserver-x5ufxlbhkqdmqgrxfdcfvn4n3m",
        "k8s.io/apiserver/pkg/server/config.go: the host's name, hashed",
        _pattern("apiserver-[a-z2-7]{26}"),
    ),
    Form(
        "a VolumeAttachment",
        "csi-" + "0" * 6 + "… (64 hex digits)",
        "k8s.io/kubernetes/pkg/volume/csi/csi_attacher.go: volume, driver and node, hashed",
        _pattern("csi-[0-9a-f]{64}"),
    ),
    Form(
        "a kubelet's certificate request",
        "node-csr-… (43 characters)",
        "k8s.io/kubernetes/pkg/kubelet/certificate/bootstrap: its key, hashed",
        _pattern("node-csr-[0-9A-Za-z_-]{43}"),
    ),
)
"""All forms there are, the most frequent first."""

_DRAWN = re.compile(
    f"(?:\\.1[0-9a-f]{{15}}|-(?:[{_SAFE}]{{5,10}}|[0-9]{{8,10}}|[a-z2-7]{{26}}|[0-9a-f]{{64}}|[0-9A-Za-z_-]{{43}}))$"
)
"""How the names of all forms end, but for those with a generateName."""


def looks_drawn(name: str) -> bool:
    """Whether a name, or a key that ends with one, may have been drawn: a quick look, that some others' names pass."""
    return _DRAWN.search(name) is not None


def _may_be_drawn(parent: JSONObject, name: str) -> bool:
    """Whether any of the forms can have a name: most names are a person's, and are asked about often."""
    return "generateName" in parent or looks_drawn(name)


def stems(parent: JSONObject, other: JSONObject, baseline: str, replayed: str) -> tuple[Stem, Stem] | None:
    """What two names were made of, if both are of one form; None if the server did not draw them."""
    if not _may_be_drawn(parent, baseline):
        return None
    for form in FORMS:
        if (first := form.read(parent, baseline)) is not None:
            second = form.read(other, replayed)
            return None if second is None else (first, second)
    return None


def stem_of(parent: JSONObject, name: str) -> Stem | None:
    """What a name was made of, with its form; None for one that nobody drew."""
    if not _may_be_drawn(parent, name):
        return None
    found = ((number, form.read(parent, name)) for number, form in enumerate(FORMS))
    return next((f"{number} {stem}" for number, stem in found if stem is not None), None)


def drawn_for(metadata: JSONObject, rename: Callable[[str], str] = str) -> str:
    """What an object's name was drawn for, with its namespace; "" if it was not drawn. `rename`: in whose words."""
    stem = stem_of(metadata, text(metadata.get("name")))
    return "" if stem is None else rename(f"{text(metadata.get('namespace'))}/{stem}")


def hash_in(value: str) -> tuple[Stem, str] | None:
    """What stands before a template's hash, and the hash; None for what is none."""
    found = _HASH.fullmatch(value)
    return (found["stem"], found["drawn"]) if found is not None else None
