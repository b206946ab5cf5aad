"""Bad input gets one sentence and exit code 2 (or COMMAND's own), never a traceback, and harms no recording."""

import shutil
import socket
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from kproxy.cli.main import _exit_code
from kproxy.model.session import SCHEMA

GOLDEN = Path(__file__).parents[2] / "recordings" / "hello-demo"

type Fails = Callable[..., str]


@pytest.fixture
def fails(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Fails:
    """Runs kproxy in an empty folder, expects exit code 2 and one sentence; the sentence."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("KUBECONFIG", str(tmp_path / "kubeconfig"))
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("KPROXY_LAB", raising=False)

    def run(*arguments: str) -> str:
        capsys.readouterr()
        assert _exit_code(list(arguments)) == 2
        said = capsys.readouterr()
        lines = [line for line in said.err.splitlines() if line]
        assert len(lines) == 1, said.err
        assert lines[0].startswith("kproxy: ")
        assert "Traceback" not in said.err + said.out
        assert "should not happen" not in said.err
        return lines[0]

    return run


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    """A sound recording."""
    assert _exit_code(["import", str(GOLDEN), "-o", str(tmp_path / "sound.kproxy")]) == 0
    return tmp_path / "sound.kproxy"


@pytest.mark.parametrize("command", ["log", "correlate"])
def test_a_file_that_is_missing_is_named(fails: Fails, command: str) -> None:
    assert "nowhere.kproxy" in fails(command, "nowhere.kproxy")


def test_a_databases_url_is_refused_without_its_password(fails: Fails) -> None:
    said = fails("log", "postgresql://somebody:hunter2@db/kproxy#session")
    assert "URL" in said
    assert "hunter2" not in said


def test_an_empty_file_is_no_recording(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "empty.kproxy").touch()
    assert "empty" in fails("log", "empty.kproxy")


@pytest.mark.parametrize("kept", [10, 100, 4096, 20000])
def test_a_truncated_file_is_said_to_be_cut_or_none(fails: Fails, recording: Path, tmp_path: Path, kept: int) -> None:
    (tmp_path / "cut.kproxy").write_bytes(recording.read_bytes()[:kept])
    assert "cut.kproxy" in fails("log", "cut.kproxy")


def test_a_foreign_file_is_no_recording(fails: Fails, tmp_path: Path) -> None:
    shutil.copy(shutil.which("sh") or "/bin/sh", tmp_path / "foreign.kproxy")
    assert "no kproxy recording" in fails("log", "foreign.kproxy")


def test_somebody_elses_database_is_no_recording(fails: Fails, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "other.kproxy") as database:
        database.execute("create table session (id text)")
    assert "other.kproxy" in fails("log", "other.kproxy")


def test_a_newer_schema_is_refused_with_both_numbers(fails: Fails, recording: Path) -> None:
    with sqlite3.connect(recording) as database:
        database.execute("pragma user_version = 99")
    said = fails("log", str(recording))
    assert "99" in said
    assert f"up to {SCHEMA};" in said


@pytest.mark.parametrize(
    "header",
    [
        'a: !!python/object/apply:os.system ["touch pwned"]\n',
        "a: &a [x, x]\nb: [*a, *a]\n",
        "[" * 5000,
        "schema: 1\nid: {}\n",
        "\x00\x01",
        "schema: 1\n" + "x" * 2_000_000,
    ],
    ids=["a python object", "an alias", "deep nesting", "wrong types", "control characters", "too large"],
)
def test_a_hostile_header_is_refused_and_never_executed(fails: Fails, tmp_path: Path, header: str) -> None:
    shutil.copytree(GOLDEN, tmp_path / "hostile")
    (tmp_path / "hostile" / "session.yaml").write_text(header)
    assert "hostile" in fails("log", "hostile")
    assert not (tmp_path / "pwned").exists()


@pytest.mark.parametrize("line", ["{", "[]", '{"seq": "x"}', "[" * 100_000], ids=["cut", "a list", "a type", "deep"])
def test_a_hostile_line_is_refused(fails: Fails, tmp_path: Path, line: str) -> None:
    shutil.copytree(GOLDEN, tmp_path / "hostile")
    (tmp_path / "hostile" / "exchanges.jsonl").write_text(line + "\n")
    assert "hostile" in fails("log", "hostile")


def test_a_wrong_context_is_named(fails: Fails, tmp_path: Path) -> None:
    (tmp_path / "kubeconfig").write_text("apiVersion: v1\nkind: Config\n")
    assert "elsewhere" in fails("record", "--context", "elsewhere", "--", "true")


@pytest.mark.parametrize(
    ("user", "named"),
    [
        ("exec: {apiVersion: client.authentication.k8s.io/v1, command: aws}", "exec"),
        ("auth-provider: {name: gcp}", "auth-provider"),
    ],
)
def test_what_is_not_supported_yet_is_named(fails: Fails, tmp_path: Path, user: str, named: str) -> None:
    (tmp_path / "kubeconfig").write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: c\n"
        "contexts: [{name: c, context: {cluster: k, user: u}}]\n"
        "clusters: [{name: k, cluster: {server: 'https://127.0.0.1:1'}}]\n"
        f"users: [{{name: u, user: {{{user}}}}}]\n"
    )
    assert named in fails("record", "--", "true")


def test_an_unreachable_etcd_is_named(fails: Fails) -> None:
    said = fails("record", "--upstream", "http://127.0.0.1:1", "--etcd", "http://127.0.0.1:1", "--", "true")
    assert "http://127.0.0.1:1" in said


def test_a_busy_port_is_named_and_no_file_is_made_or_replaced(fails: Fails, recording: Path, tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        listen = f"http://127.0.0.1:{port}"
        record = ("record", "--upstream", "http://127.0.0.1:1", "--listen", listen)
        assert str(port) in fails(*record, "-o", "s.kproxy", "--", "true")
        assert not (tmp_path / "s.kproxy").exists()
        before = recording.read_bytes()
        assert str(port) in fails(*record, "-o", str(recording), "--force", "--", "true")
        assert recording.read_bytes() == before


def test_a_command_that_does_not_exist_leaves_no_recording(fails: Fails, tmp_path: Path) -> None:
    said = fails("record", "--upstream", "http://127.0.0.1:1", "-o", "s.kproxy", "--", "no-such-program")
    assert "no-such-program" in said
    assert not (tmp_path / "s.kproxy").exists()


def test_an_existing_file_is_kept_unless_forced(fails: Fails, recording: Path) -> None:
    before = recording.read_bytes()
    assert "--force" in fails("record", "--upstream", "http://127.0.0.1:1", "-o", str(recording), "--", "true")
    assert "sound.kproxy" in fails("import", str(GOLDEN), "-o", str(recording))
    assert recording.read_bytes() == before


@pytest.mark.process
def test_commands_own_exit_code_is_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    server = ["record", "--upstream", "http://127.0.0.1:1", "-o"]
    assert _exit_code([*server, str(tmp_path / "a.kproxy"), "--", "sh", "-c", "exit 7"]) == 7
    assert _exit_code([*server, str(tmp_path / "b.kproxy"), "--", "sh", "-c", "kill -9 $$"]) == 128 + 9


@pytest.mark.parametrize("target", ["nowhere", "fresh:minikube", "fresh:kube-apiserver@latest", "context:nobody"])
def test_a_target_that_is_none_is_refused(fails: Fails, recording: Path, target: str) -> None:
    fails("replay", str(recording), "--on", target)


def test_words_that_the_command_line_does_not_know_get_one_sentence(fails: Fails, recording: Path) -> None:
    assert "--bogus" in fails("log", "--bogus", str(recording))
    assert "bogus" in fails("bogus")
    assert "4711" in fails("show", str(recording), "4711")
    assert "pods" in fails("get", str(recording), "pods")
    assert "yesterday" in fails("get", str(recording), "pods/default/hello-demo", "--at", "yesterday")
    assert "nowhere" in fails("lab", "run", "--assets", "nowhere", "--", "true")
    assert "9" * 30 in fails("show", str(recording), "9" * 30)


@pytest.mark.parametrize(
    ("name", "reason"), [("nowhere", "no such file or directory"), ("a-file", "connection refused")]
)
def test_a_feed_at_which_no_relay_listens_is_named_before_anything_is_recorded(
    fails: Fails, tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "a-file").touch()
    feed = tmp_path / name
    said = fails(
        "record", "--upstream", "http://127.0.0.1:9", "--etcd-relay", str(feed), "-o", "s.kproxy", "--", "true"
    )
    assert f"no etcd relay can be reached at {feed}: {reason}" in said
    assert not (tmp_path / "s.kproxy").exists()
