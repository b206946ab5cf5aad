"""The plugin as its users have it: pytest in a process of its own, kproxy as a program.

Needs no kproxy to import: `KPROXY=… python -m pytest pytest-kproxy/tests`.
"""

import pytest

pytest_plugins = ["pytester"]

CLIENT = """
import json, ssl, urllib.request, urllib.error
PODS = "/api/v1/namespaces/default/pods"
SPEC = {"containers": [{"name": "c", "image": "i"}]}
POD = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "x"}, "spec": SPEC}

def ask(cluster, method, path, body=None):
    context = ssl.create_default_context(cafile=cluster.ca) if cluster.ca else None
    headers = {"Content-Type": "application/json", "Accept": "application/json"}
    if cluster.token:
        headers["Authorization"] = f"Bearer {cluster.token}"
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(cluster.url + path, data, headers, method=method)
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)
"""

TEST = """
import pytest
from client import PODS, POD, ask

@pytest.mark.kproxy("walk")
def test_walk(kproxy):
    status, made = ask(kproxy, "POST", PODS, POD)
    print("recording", kproxy.recording, made["metadata"]["uid"])
    assert status == 201
    assert ask(kproxy, "GET", PODS + "/x")[1]["metadata"]["uid"] == made["metadata"]["uid"]
    assert ask(kproxy, "DELETE", PODS + "/x")[0] == 200
    assert ask(kproxy, "GET", PODS + "/x")[0] == 404
"""

MORE = """
import pytest
from client import PODS, ask

@pytest.mark.kproxy("walk")
def test_more(kproxy):
    assert ask(kproxy, "GET", PODS + "/x")[0] == 200
    status, listed = ask(kproxy, "GET", PODS)
    assert (status, listed.get("items")) == (200, [])
"""


@pytest.fixture
def place(pytester: pytest.Pytester) -> pytest.Pytester:
    pytester.makepyfile(client=CLIENT, test_walk=TEST)
    return pytester


def run(place: pytest.Pytester, *arguments: str) -> pytest.RunResult:
    return place.runpytest_subprocess("-p", "no:cacheprovider", "-s", *arguments, timeout=300)


def uid(result: pytest.RunResult) -> str:
    return next(line.split()[-1] for line in result.outlines if "recording " in line)


def test_the_first_run_records_and_the_next_one_plays_without_a_cluster(place: pytest.Pytester) -> None:
    first = run(place)
    first.assert_outcomes(passed=1)
    first.stdout.fnmatch_lines(["*recording True*"])
    assert (place.path / "cassettes" / "walk" / "session.yaml").is_file()
    second = run(place, "--kproxy-record=none")
    second.assert_outcomes(passed=1)
    second.stdout.fnmatch_lines(["*recording False*"])
    assert uid(first) == uid(second)


def test_without_a_cassette_the_mode_none_fails(place: pytest.Pytester) -> None:
    result = run(place, "--kproxy-record=none")
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*there is no cassette*walk*"])


def test_what_the_cassette_does_not_have_fails_once_and_is_recorded_as_a_new_episode(place: pytest.Pytester) -> None:
    run(place).assert_outcomes(passed=1)
    place.makepyfile(test_walk=MORE)
    missing = run(place)
    assert missing.ret
    missing.stdout.fnmatch_lines(["*does not have these requests*", "*GET /api/v1/namespaces/default/pods*"])
    run(place, "--kproxy-record=new_episodes").assert_outcomes(passed=1)
    assert (place.path / "cassettes" / "walk.2" / "session.yaml").is_file()
    run(place, "--kproxy-record=none").assert_outcomes(passed=1)
    run(place, "--kproxy-record=new_episodes").assert_outcomes(passed=1)
    assert not (place.path / "cassettes" / "walk.3").exists()  # there was nothing new


def test_all_records_again_in_the_old_one_s_place(place: pytest.Pytester) -> None:
    first, second = run(place), run(place, "--kproxy-record=all")
    second.assert_outcomes(passed=1)
    assert uid(first) != uid(second)
    assert [each.name for each in sorted((place.path / "cassettes").iterdir())] == ["walk"]


def test_a_test_that_fails_records_nothing_where_that_is_asked(place: pytest.Pytester) -> None:
    failing = TEST.replace('"walk"', '"walk", record_on_exception=False').replace("== 404", "== 418")
    place.makepyfile(test_walk=failing)
    run(place).assert_outcomes(failed=1)
    assert not (place.path / "cassettes").exists()


def test_a_lab_and_the_program_serve_other_tests(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        test_lab="""
        def test_lab(kproxy_lab, kproxy_program):
            assert kproxy_lab.env["ETCDCTL_ENDPOINTS"].startswith("http")
            assert "version" in kproxy_program.run("--version").stdout
        """
    )
    run(pytester).assert_outcomes(passed=1)


def test_a_program_that_is_not_there_is_said_in_a_sentence(
    place: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KPROXY", "/no/such/kproxy")
    result = run(place)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*KPROXY=/no/such/kproxy is no program*"])


def test_a_marker_with_what_it_does_not_know_is_refused(place: pytest.Pytester) -> None:
    place.makepyfile(test_walk=TEST.replace('"walk"', '"walk", recrod="all"'))
    result = run(place)
    assert result.ret
    result.stdout.fnmatch_lines(["*knows no recrod*"])
