"""`kproxy rbac`."""

import json
from pathlib import Path

import pytest
import yaml

from kproxy.cli.main import _exit_code

GOLDEN = str(Path(__file__).parents[2] / "recordings" / "hello-kubectl")


def said(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    capsys.readouterr()
    assert _exit_code(["rbac", GOLDEN, *arguments]) == 0
    return capsys.readouterr().out


def test_the_output_is_yaml_that_kubectl_takes(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [each for each in yaml.safe_load_all(said(capsys)) if each]
    assert {each["kind"] for each in documents} <= {"Role", "ClusterRole", "RoleBinding", "ClusterRoleBinding"}
    rules = [rule for each in documents for rule in each.get("rules", ())]
    assert rules
    assert all(rule["verbs"] and "*" not in rule["verbs"] for rule in rules)
    assert all("nonResourceURLs" not in rule for rule in rules), "discovery is everybody's"


def test_json_says_which_requests_are_behind_each_right(capsys: pytest.CaptureFixture[str]) -> None:
    document = json.loads(said(capsys, "--json", "--defaults"))
    (caller,) = document["callers"]
    assert caller.keys() >= {"caller", "named", "role", "requests", "notes", "permissions", "objects"}
    assert all(each["requests"] > 0 and each["first"] > 0 for each in caller["permissions"])
    assert any(each.get("path") == "/apis" for each in caller["permissions"])


def test_the_user_can_be_said_and_names_let_go(capsys: pytest.CaptureFixture[str]) -> None:
    documents = [each for each in yaml.safe_load_all(said(capsys, "--user", "bob", "--names", "0")) if each]
    assert {subject["name"] for each in documents for subject in each.get("subjects", ())} == {"bob"}
    assert not any("resourceNames" in rule for each in documents for rule in each.get("rules", ()))


def test_a_caller_that_is_not_there_is_an_error_that_names_those_who_are(capsys: pytest.CaptureFixture[str]) -> None:
    assert _exit_code(["rbac", GOLDEN, "--caller", "nobody"]) == 2
    assert "kproxy-admin" in capsys.readouterr().err
