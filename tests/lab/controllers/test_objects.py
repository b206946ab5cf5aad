"""What is created for the controllers."""

from kproxy.lab.controllers.objects import creations, node_names
from kproxy.lab.users import KWOK


def test_there_are_as_many_nodes_as_asked_for() -> None:
    names = [body["metadata"] for path, body in creations(3) if path == "/api/v1/nodes"]
    assert [each["name"] for each in names if isinstance(each, dict)] == node_names(3) == ["node-1", "node-2", "node-3"]


def test_kwok_has_the_rights_of_kubelets_and_no_other() -> None:
    found = dict(creations(1))
    rules = found["/apis/rbac.authorization.k8s.io/v1/clusterroles"]["rules"]
    assert isinstance(rules, list)
    granted = {
        f"{resource}:{verb}"
        for rule in rules
        if isinstance(rule, dict) and isinstance(rule["resources"], list) and isinstance(rule["verbs"], list)
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert "pods/status:patch" in granted
    assert not {each for each in granted if "*" in each or each.startswith(("secrets", "nodes:delete", "nodes:patch"))}
    subjects = found["/apis/rbac.authorization.k8s.io/v1/clusterrolebindings"]["subjects"]
    assert isinstance(subjects, list)
    assert [each["name"] for each in subjects if isinstance(each, dict)] == [KWOK]
