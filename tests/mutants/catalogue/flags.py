"""Behaviours that kube-apiserver itself has in another way, by its own flags and feature gates."""

from pathlib import Path

from tests.mutants.catalogue.made import by_flags
from tests.mutants.mutant import Mutant, Place
from tests.mutants.session import CONFIGMAPS, NAMESPACE, PODS
from tests.mutants.session_full import DEPLOYMENTS, SERVICES

ENCRYPTION = Path(__file__).with_name("encryption.yaml")
OFF = "disable-admission-plugins"
STILL_OFF = "ServiceAccount"  # the lab's own choice, without controllers
ON = "enable-admission-plugins"
STILL_ON = "NodeRestriction"


def without(plugin: str) -> dict[str, str]:
    """The flag that turns an admission plugin off."""
    return {OFF: f"{STILL_OFF},{plugin}"}


def beside(plugin: str) -> dict[str, str]:
    """The flag that turns one more on."""
    return {ON: f"{STILL_ON},{plugin}"}


MUTANTS: tuple[Mutant, ...] = (
    by_flags(
        "no-limit-ranger",
        "admission",
        "a LimitRange gives no defaults",
        Place("POST", PODS, "body", r"\$\.(metadata\.annotations|spec\.containers\[0\]\.resources).*"),
        **without("LimitRanger"),
    ),
    by_flags(
        "no-quota",
        "admission",
        "a ResourceQuota refuses nothing",
        Place("POST", f"{NAMESPACE}/secrets", "status", "status"),
        **without("ResourceQuota"),
    ),
    by_flags(
        "no-namespace-lifecycle",
        "admission",
        "objects are made in namespaces that there are not",
        Place("POST", "/api/v1/namespaces/nowhere/(configmaps|services)", "status", "status"),
        **without("NamespaceLifecycle"),
    ),
    by_flags(
        "namespaces-provided",
        "admission",
        "a namespace that is missing is made",
        Place("POST", "/api/v1/namespaces/nowhere/configmaps", "status", "status"),
        **beside("NamespaceAutoProvision"),
    ),
    by_flags(
        "always-pull",
        "admission",
        "each image is pulled always",
        Place("POST", PODS, "body", r"\$\.spec\.containers\[0\]\.imagePullPolicy"),
        **beside("AlwaysPullImages"),
    ),
    by_flags(
        "no-default-tolerations",
        "admission",
        "pods do not tolerate what is not ready for a while",
        Place("POST", PODS, "body", r"\$\.spec\.tolerations"),
        **without("DefaultTolerationSeconds"),
    ),
    by_flags(
        "no-priority",
        "admission",
        "pods get no priority",
        Place("POST", PODS, "body", r"\$\.spec\.(priority|preemptionPolicy)"),
        **without("Priority"),
    ),
    by_flags(
        "no-node-taints",
        "admission",
        "a new node is not tainted as not ready",
        Place("POST", "/api/v1/nodes", "body", r"\$\.spec\.taints"),
        **without("TaintNodesByCondition"),
    ),
    by_flags(
        "claims-unprotected",
        "finalizers",
        "a claim in use is not protected",
        Place("POST", f"{NAMESPACE}/persistentvolumeclaims", "body", r"\$\.metadata\.finalizers"),
        **without("StorageObjectInUseProtection"),
    ),
    by_flags(
        "nothing-privileged",
        "validation",
        "privileged containers are refused",
        Place("POST", PODS, "status", "status"),
        **{"allow-privileged": "false"},
    ),
    by_flags(
        "other-node-ports",
        "validation",
        "node ports are of another range",
        Place("POST", SERVICES, "status", "status"),
        **{"service-node-port-range": "31000-31999"},
    ),
    by_flags(
        "other-addresses",
        "validation",
        "cluster IPs are of another range",
        Place("POST", SERVICES, "status", "status"),
        **{"service-cluster-ip-range": "10.97.0.0/16"},
    ),
    by_flags(
        "no-garbage-collector",
        "ownerRefs",
        "a delete that orphans does not wait for the garbage collector",
        Place("DELETE", rf"{DEPLOYMENTS}/web\?propagationPolicy=Orphan", "body|etcd", r".*"),
        **{"enable-garbage-collector": "false"},
    ),
    by_flags(
        "batch-not-served",
        "status codes",
        "batch/v1 is not served",
        Place("POST", "/apis/batch/v1/.*", "status", "status"),
        **{"runtime-config": "batch/v1=false"},
    ),
    by_flags(
        "no-initial-events",
        "watches",
        "sendInitialEvents is refused",
        Place("GET", rf"{CONFIGMAPS}\?watch=1&sendInitialEvents.*", "status", "status"),
        **{"feature-gates": "WatchList=false"},
    ),
    by_flags(
        "stored-as-json",
        "storage",
        "objects are stored as JSON",
        Place("POST", "/api/v1/namespaces", "etcd", r"/registry/namespaces/dense\[0\] encoding"),
        **{"storage-media-type": "application/json"},
    ),
    by_flags(
        "encrypted-at-rest",
        "storage",
        "ConfigMaps are encrypted in etcd",
        Place("POST", CONFIGMAPS, "etcd", r"/registry/configmaps/dense/first\[0\] encoding"),
        **{"encryption-provider-config": str(ENCRYPTION)},
    ),
    by_flags("no-watch-cache", "no difference", "reads go to etcd", None, **{"watch-cache": "false"}),
    by_flags(
        "small-watch-cache", "no difference", "the watch cache is small", None, **{"default-watch-cache-size": "10"}
    ),
    by_flags(
        "many-collection-workers",
        "no difference",
        "deletecollection has ten workers",
        None,
        **{"delete-collection-workers": "10"},
    ),
)
