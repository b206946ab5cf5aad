"""Only people's requests are driven while controllers act: what of that is hidden hides nothing else."""

import re
from collections.abc import Callable

from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSONObject
from tests.mutants.lies import After, Answers, Asked, Behind, Lie, Of, Remembers, at, documents, put
from tests.mutants.mutant import Mutant, Place, Way
from tests.mutants.session_people import NAMESPACE, OWN, OWNS, PODS, WEB

READ = Of("GET", OWN)
LISTED = Of("GET", *OWNS.split("?"))
_UID = "0f0f0f0f-0000-4000-8000-00000000abcd"


def _people(name: str, does: str, first: Place, lie: Callable[[], Lie], way: Way = Way.SERVER) -> Mutant:
    return Mutant(
        name=name,
        area="beside controllers",
        does=does,
        way=way,
        first=first,
        lie=lie,
        golden="people",
        server="kube-apiserver",
    )


def _read(name: str, does: str, path: str, change: Callable[[JSONObject], object]) -> Mutant:
    place = Place("GET", OWN, "body", path)
    return _people(name, does, place, lambda: Answers(of=READ, change=documents(change)))


def _listed(name: str, does: str, path: str, change: Callable[[JSONObject], object]) -> Mutant:
    place = Place("GET", re.escape(OWNS), "body", rf"\$\.items\[0\]\.metadata\.{path}")
    return _people(name, does, place, lambda: Answers(of=LISTED, change=documents(change)))


def _of_before(value: JSONObject, before: JSONObject) -> None:
    put(at(before, "metadata", "resourceVersion"), "metadata", "resourceVersion")(value)


async def _ghost(_: Asked, behind: Behind) -> None:
    key = EtcdKey(b"/registry/configmaps/people/own")
    found = await behind.etcd.get(key)
    assert found is not None
    await behind.etcd.put(EtcdKey(b"/registry/configmaps/people/ghost"), found.value)


MUTANTS: tuple[Mutant, ...] = (
    _read(
        "own-uid-other",
        "what a person made has another uid when it is read",
        r"\$\.metadata\.uid",
        put(_UID, "metadata", "uid"),
    ),
    _read(
        "own-creation-moves",
        "what a person made has another creationTimestamp when it is read",
        r"\$\.metadata\.creationTimestamp",
        put("2020-01-01T00:00:00Z", "metadata", "creationTimestamp"),
    ),
    _read(
        "own-manager-other",
        "a person's write is put down to another manager",
        r"\$\.metadata\.managedFields\[0\]\.manager",
        put("other", "metadata", "managedFields", 0, "manager"),
    ),
    _listed(
        "own-listed-uid-other",
        "what a person made has another uid in a list",
        "uid",
        put(_UID, "items", 0, "metadata", "uid"),
    ),
    _listed(
        "own-listed-creation-moves",
        "what a person made has another creationTimestamp in a list",
        "creationTimestamp",
        put("2020-01-01T00:00:00Z", "items", 0, "metadata", "creationTimestamp"),
    ),
    _listed(
        "own-listed-manager-other",
        "a person's write is put down to another manager in a list",
        r"managedFields\[0\]\.manager",
        put("other", "items", 0, "metadata", "managedFields", 0, "manager"),
    ),
    _people(
        "own-revision-old",
        "what a person wrote is read with the resourceVersion of before",
        Place("GET", OWN, "body", r"\$\.metadata\.resourceVersion"),
        lambda: Remembers(first=Of("POST", f"{NAMESPACE}/configmaps"), of=READ, change=_of_before),
    ),
    _people(
        "replicas-other",
        "a Deployment is read with more replicas than were asked for",
        Place("GET", WEB, "body|consequence", r"\$\.spec\.replicas|state"),
        lambda: Answers(of=Of("GET", WEB), change=documents(put(3, "spec", "replicas"))),
    ),
    _people(
        "pods-image-other",
        "a controller's pods are listed with another image",
        Place("GET", rf"{PODS}\?.*", "body|consequence", r"\$\.items.*|state"),
        lambda: Answers(of=Of("GET", PODS), change=documents(put("x:9", "items", 0, "spec", "containers", 0, "image"))),
    ),
    _people(
        "ghost-beside",
        "a key appears that nobody wrote",
        Place("", "", "etcd|consequence", r".*/configmaps/people/ghost.*"),
        lambda: After(of=Of("PATCH", WEB), act=_ghost),
        Way.ETCD,
    ),
)
