"""Requests that the emulated api-server and the real one must answer alike."""

import json

from tests.lab.parity import JSON_TYPE, MERGE, OPERATIONS, Step

CORE = "/api/v1"
DEFAULT = f"{CORE}/namespaces/default"
PODS = f"{DEFAULT}/pods"
MAPS = f"{DEFAULT}/configmaps"
SECRETS = f"{DEFAULT}/secrets"
SPACES = f"{CORE}/namespaces"


def pod(name: str, **spec: object) -> str:
    """A pod with one container."""
    containers = [{"name": "main", "image": "nginx:1.27"}]
    return document("Pod", name, spec={"containers": containers} | spec)


def document(kind: str, name: str, **parts: object) -> str:
    """An object as JSON."""
    metadata = {"name": name} if name else {}
    given = parts.pop("metadata", {})
    if isinstance(given, dict):
        metadata |= given
    return json.dumps({"apiVersion": "v1", "kind": kind, "metadata": metadata} | parts)


FULL_POD = {
    "initContainers": [{"name": "init", "image": "busybox", "command": ["true"]}],
    "containers": [
        {
            "name": "web",
            "image": "registry.example/web:latest",
            "ports": [{"containerPort": 80}, {"containerPort": 53, "protocol": "UDP", "name": "dns"}],
            "env": [
                {"name": "PLAIN", "value": "x"},
                {"name": "NODE", "valueFrom": {"fieldRef": {"fieldPath": "spec.nodeName"}}},
                {"name": "SECRET", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}},
            ],
            "resources": {"limits": {"cpu": "1", "memory": "128Mi"}},
            "readinessProbe": {"httpGet": {"port": 80}},
            "livenessProbe": {"exec": {"command": ["true"]}, "initialDelaySeconds": 3},
            "volumeMounts": [{"name": "config", "mountPath": "/config"}, {"name": "tmp", "mountPath": "/scratch"}],
            "securityContext": {"runAsNonRoot": True, "capabilities": {"drop": ["ALL"]}},
        },
        {"name": "side", "image": "side@sha256:" + "0" * 64, "resources": {"requests": {"cpu": "10m"}}},
    ],
    "volumes": [
        {"name": "config", "configMap": {"name": "c"}},
        {"name": "secret", "secret": {"secretName": "s"}},
        {"name": "tmp"},
        {"name": "host", "hostPath": {"path": "/var"}},
    ],
    "nodeSelector": {"disk": "ssd"},
    "tolerations": [{"key": "node.kubernetes.io/not-ready", "operator": "Exists", "effect": "NoExecute"}],
    "securityContext": {"fsGroup": 1},
    "restartPolicy": "OnFailure",
    "imagePullSecrets": [{"name": "pull"}],
    "hostAliases": [{"ip": "192.0.2.7", "hostnames": ["a", "b"]}],
}

WALKTHROUGH = [
    Step("POST", PODS, pod("hello-demo")),
    Step("GET", f"{PODS}/hello-demo"),
    Step("POST", PODS, pod("hello-demo")),
    Step("DELETE", f"{PODS}/hello-demo"),
    Step("GET", f"{PODS}/hello-demo"),
    Step("DELETE", f"{PODS}/hello-demo"),
]

POD_STEPS = [
    Step("POST", f"{PODS}?dryRun=All", pod("dry")),
    Step("POST", f"{PODS}?dryRun=no", pod("dry")),
    Step("GET", f"{PODS}/dry"),
    Step(
        "POST", PODS, document("Pod", "full", spec=FULL_POD, metadata={"labels": {"a": "b"}, "finalizers": ["x.io/y"]})
    ),
    Step("PATCH", f"{PODS}/full", '{"metadata":{"labels":{"c":"d"},"annotations":{"x":"y"}}}', MERGE),
    Step("PATCH", f"{PODS}/full?fieldManager=other", '{"metadata":{"labels":{"a":"z"}}}', MERGE),
    Step("PATCH", f"{PODS}/full/status", '{"status":{"phase":"Running","message":"hm"}}', MERGE),
    Step("GET", f"{PODS}/full/status"),
    Step("PATCH", f"{PODS}/full", '{"status":{"phase":"Failed"}}', MERGE),
    Step("PATCH", f"{PODS}/full", '[{"op":"replace","path":"/spec/containers/0/image","value":"b:1"}]', OPERATIONS),
    Step("GET", f"{PODS}?fieldSelector=status.phase=Running"),
    Step("GET", f"{PODS}?fieldSelector=status.phase!=Running"),
    Step("GET", f"{PODS}?fieldSelector=spec.nope=x"),
    Step("DELETE", f"{PODS}/full"),
    Step("DELETE", f"{PODS}/full"),
    Step("PATCH", f"{PODS}/full", '{"metadata":{"finalizers":null}}', MERGE),
    Step("GET", f"{PODS}/full"),
    Step("POST", PODS, document("Pod", "none")),
    Step("POST", PODS, document("Pod", "A_b", spec={"containers": [{}]})),
    Step("POST", PODS, document("Pod", "", spec={"containers": [{"name": "x", "image": "y"}]})),
    Step("POST", PODS, pod("wrong", restartPolicy="Sometimes")),
    Step("POST", PODS, document("Pod", "twice", spec={"containers": [{"name": "x", "image": "y"}] * 2})),
    Step("POST", PODS, pod("never", restartPolicy="Never", terminationGracePeriodSeconds=0)),
    Step("DELETE", f"{PODS}/never?gracePeriodSeconds=5&dryRun=All"),
    Step("DELETE", f"{PODS}/never", '{"propagationPolicy":"Background","gracePeriodSeconds":30}'),
    Step("POST", PODS, pod("held")),
    Step("DELETE", f"{PODS}/held", '{"propagationPolicy":"Foreground"}'),
    Step("PATCH", f"{PODS}/held", '[{"op":"remove","path":"/metadata/finalizers"}]', OPERATIONS),
    Step("POST", PODS, '{"spec":{"containers":[{"name":"x","image":"y","nope":1}],"extra":2},"metadata":{"name":"u"}}'),
    Step(
        "POST",
        f"{PODS}?fieldValidation=Strict",
        '{"spec":{"containers":[{"name":"x","nope":1}]},"metadata":{"name":"u2"}}',
    ),
    Step("POST", f"{PODS}?fieldValidation=Ignore", '{"nope":1,"metadata":{"name":"u3"}}'),
    Step("POST", PODS, '{"metadata":{"name":5}}'),
    Step("POST", PODS, '{"metadata":{"name":"x"},"spec":{"containers":5}}'),
    Step("POST", PODS, '{"metadata":{"name":"x"},"spec":{"containers":[{"name":5}]}}'),
    Step("POST", PODS, '{"metadata":{"name":"x"},"spec":{"terminationGracePeriodSeconds":"x"}}'),
    Step("PATCH", f"{PODS}/u", '{"metadata":{"labels":{"l":5}}}', "application/foo"),
    Step("DELETE", PODS),
    Step("GET", PODS),
]

MAP_STEPS = [
    Step("POST", MAPS, document("ConfigMap", "one", data={"a": "0"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "one", metadata={"resourceVersion": "1"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "one", metadata={"resourceVersion": "x"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "one", metadata={"uid": "xx"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "", data={"a": "1"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "two", data={"a": "1"})),
    Step("PUT", f"{MAPS}/none", document("ConfigMap", "none", data={"a": "1"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "one", data={"a": "1", "b": "2"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "one", data={"a": "1", "b": "2"})),
    Step("PUT", f"{MAPS}/one", document("ConfigMap", "one", data={"a": "1"}), headers={"User-Agent": "another/2"}),
    Step(
        "PATCH", f"{MAPS}/one?fieldManager=third", '{"metadata":{"labels":{"x":"1"}},"data":{"b":"5","a":"1"}}', MERGE
    ),
    Step("PATCH", f"{MAPS}/one?fieldManager=third", '{"data":{"b":"5","a":"2"}}', MERGE),
    Step("PATCH", f"{MAPS}/one?fieldManager=third", '{"data":{"b":null}}', MERGE),
    Step("PATCH", f"{MAPS}/one", '{"metadata":{"resourceVersion":"1"}}', MERGE),
    Step("PATCH", f"{MAPS}/one", '{"metadata":{"name":"other"}}', MERGE),
    Step("PATCH", f"{MAPS}/one", '{"metadata":{"namespace":"other"}}', MERGE),
    Step("PATCH", f"{MAPS}/one", '{"metadata":{"uid":"other"}}', MERGE),
    Step("PATCH", f"{MAPS}/one", "[]", MERGE),
    Step("PATCH", f"{MAPS}/one", '"x"', MERGE),
    Step("PATCH", f"{MAPS}/one", '{"a":', MERGE),
    Step("PATCH", f"{MAPS}/one", '[{"op":"replace","path":"/data/a","value":"7"}]', OPERATIONS),
    Step("PATCH", f"{MAPS}/one", '[{"op":"test","path":"/data/a","value":"x"}]', OPERATIONS),
    Step("PATCH", f"{MAPS}/one", '[{"op":"remove","path":"/data/zzz"}]', OPERATIONS),
    Step("PATCH", f"{MAPS}/one", '[{"op":"foo","path":"/data/zzz"}]', OPERATIONS),
    Step("PATCH", f"{MAPS}/one", "{}", OPERATIONS),
    Step("PATCH", f"{MAPS}/one", "{}", JSON_TYPE),
    Step("PATCH", f"{MAPS}/none", "{}", MERGE),
    Step("PATCH", f"{MAPS}/one?dryRun=All", '{"data":{"a":"dry"}}', MERGE),
    Step("PATCH", f"{MAPS}/one", '{"metadata":{"finalizers":["x.io/y"]}}', MERGE),
    Step("DELETE", f"{MAPS}/one", '{"preconditions":{"uid":"x"}}'),
    Step("DELETE", f"{MAPS}/one", '{"preconditions":{"resourceVersion":"1"}}'),
    Step("DELETE", f"{MAPS}/one"),
    Step("DELETE", f"{MAPS}/one"),
    Step("PATCH", f"{MAPS}/one", '{"data":{"late":"x"}}', MERGE),
    Step("PATCH", f"{MAPS}/one", '{"metadata":{"finalizers":[]}}', MERGE),
    Step("GET", f"{MAPS}/one"),
    Step("DELETE", f"{MAPS}/one"),
    Step("DELETE", f"{MAPS}/one?propagationPolicy=Foo"),
    Step("POST", MAPS, document("ConfigMap", "", metadata={"generateName": "gen-"}, data={"a": "1"})),
    Step(
        "POST",
        MAPS,
        document(
            "ConfigMap", "bad", metadata={"labels": {"a b": "c d"}, "annotations": {"x y": ""}}, data={"a/b": "1"}
        ),
    ),
    Step("POST", MAPS, document("ConfigMap", "bad", metadata={"resourceVersion": "5"})),
    Step("POST", MAPS, document("ConfigMap", "plain", metadata={"uid": "5"})),
    Step("POST", MAPS, document("ConfigMap", "fixed", data={"a": "1"}, immutable=True)),
    Step("PATCH", f"{MAPS}/fixed", '{"data":{"a":"2"}}', MERGE),
    Step("PATCH", f"{MAPS}/fixed", '{"immutable":null}', MERGE),
    Step("POST", MAPS, document("ConfigMap", "moved", metadata={"namespace": "kube-system"})),
    Step("POST", MAPS, document("Pod", "moved")),
    Step("POST", MAPS, '{"apiVersion":"v2","kind":"ConfigMap","metadata":{"name":"x"}}'),
    Step("POST", MAPS, ""),
    Step("POST", MAPS, "{}", "text/plain"),
    Step("POST", MAPS, '{"data":{"a":5},"metadata":{"name":"x"}}'),
    Step(
        "POST", MAPS, 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: yaml\ndata: {a: "1"}\n', "application/yaml"
    ),
    Step("POST", f"{SPACES}/nope/configmaps", document("ConfigMap", "a")),
    Step("POST", f"{CORE}/configmaps", document("ConfigMap", "a")),
    Step("DELETE", f"{CORE}/configmaps/a"),
    Step("PATCH", f"{MAPS}/plain", '{"metadata":{"labels":{"tier":"web","n":"5"}}}', MERGE),
    *(
        Step("GET", f"{MAPS}?labelSelector={selector}")
        for selector in (
            "tier=web",
            "tier!=web",
            "tier",
            "!tier",
            "tier%20in%20(web,db)",
            "tier%20notin%20(web)",
            "n%3E4",
            "n%3C4",
            "a%20b%20c",
            "a=b,,",
            "tier%3D%3Dweb,n=5",
        )
    ),
    *(
        Step("GET", f"{MAPS}?{query}")
        for query in (
            "fieldSelector=metadata.name=plain",
            "fieldSelector=metadata.name!=plain",
            "fieldSelector=foo=b",
            "fieldSelector=foo",
            "limit=1",
            "limit=2",
            "limit=-1",
            "limit=x",
            "resourceVersion=99999999",
            "resourceVersion=abc",
            "resourceVersion=0",
            "resourceVersionMatch=Exact",
            "sendInitialEvents=true",
            "watch=1&resourceVersion=abc",
            "watch=1&sendInitialEvents=true",
        )
    ),
    Step("GET", f"{SPACES}/nope/configmaps"),
    Step("GET", f"{SPACES}/nope/configmaps/x"),
    Step("DELETE", f"{MAPS}?labelSelector=tier=web"),
    Step("DELETE", MAPS),
    Step("GET", MAPS),
]

SECRET_STEPS = [
    Step("POST", SECRETS, document("Secret", "s", stringData={"x": "y", "a": "b"}, data={"a": "eg=="})),
    Step("PATCH", f"{SECRETS}/s", '{"stringData":{"n":"m"}}', MERGE),
    Step("PATCH", f"{SECRETS}/s", '{"type":"foo"}', MERGE),
    Step("POST", SECRETS, document("Secret", "bad", data={"x": "!!"})),
    Step("POST", SECRETS, document("Secret", "tls", type="kubernetes.io/tls")),
    Step("GET", f"{SECRETS}?fieldSelector=type=Opaque"),
    Step("DELETE", f"{SECRETS}/s"),
]

NAMESPACE_STEPS = [
    Step("POST", SPACES, document("Namespace", "team")),
    Step("POST", f"{SPACES}/team/configmaps", document("ConfigMap", "in")),
    Step("POST", SPACES, document("Namespace", "n.1")),
    Step("POST", SPACES, document("Namespace", "", metadata={"generateName": "gen-"})),
    Step("PATCH", f"{SPACES}/team", '{"metadata":{"labels":{"a":"b","kubernetes.io/metadata.name":null}}}', MERGE),
    Step("PATCH", f"{SPACES}/team/status", '{"status":{"phase":"Foo"}}', MERGE),
    Step("DELETE", f"{SPACES}/team"),
    Step("DELETE", f"{SPACES}/team"),
    Step("POST", f"{SPACES}/team/configmaps", document("ConfigMap", "late")),
    Step("DELETE", f"{SPACES}/team/configmaps/in"),
    Step("PUT", f"{SPACES}/team/finalize", document("Namespace", "team", spec={"finalizers": []})),
    Step("GET", f"{SPACES}/team"),
    Step("DELETE", f"{SPACES}/default"),
    Step("DELETE", SPACES),
    Step("GET", SPACES),
    Step("GET", f"{SPACES}/default"),
]

OTHER_STEPS = [
    *(
        Step("GET", path, user=user)
        for path in (
            "/",
            "/api",
            "/apis/nope/v1/foos",
            "/foo",
            "/healthz",
            "/version",
            f"{CORE}/pods",
            f"{SECRETS}/x",
            PODS,
            MAPS,
        )
        for user in ("nobody", "viewer", "stranger")
    ),
    Step("POST", PODS, pod("x"), user="viewer"),
    Step("DELETE", MAPS, user="viewer"),
    Step("PATCH", f"{PODS}/x/status", "{}", MERGE, user="viewer"),
    Step("GET", "/apis/apps/v1/deployments", user="viewer"),
    Step("GET", f"{DEFAULT}/foos"),
    Step("POST", f"{DEFAULT}/foos", "{}"),
    Step("GET", f"{PODS}/x/foo"),
    Step("GET", "/apis/foo/v1/foos"),
    Step("GET", "/api/v2"),
    Step("GET", "/api/v2/pods"),
    Step("GET", "/nope"),
    Step("GET", "/readyz"),
    Step("GET", "/livez/ping"),
    Step("PUT", PODS, "{}"),
    Step("POST", f"{PODS}/x", "{}"),
    Step("POST", f"{PODS}/x/status", "{}"),
    Step("OPTIONS", PODS),
    Step("GET", f"{PODS}/x", headers={"Accept": "application/foo"}),
    Step("GET", f"{PODS}/x", headers={"Accept": "application/foo, application/json"}),
    Step("GET", f"{SPACES}/default", headers={"User-Agent": "curl/8"}),
    Step("GET", f"{SPACES}/kube-system?pretty=true"),
    Step("GET", PODS, headers={"Impersonate-User": "someone"}),
    Step("GET", PODS, headers={"Impersonate-User": "someone"}, user="viewer"),
]

SCENES = {
    "walkthrough": WALKTHROUGH,
    "pods": POD_STEPS,
    "configmaps": MAP_STEPS,
    "secrets": SECRET_STEPS,
    "namespaces": NAMESPACE_STEPS,
    "others": OTHER_STEPS,
}
