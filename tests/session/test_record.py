"""`kproxy record` around a COMMAND and without one."""

import http.client
import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from kproxy.model.exchange import Altered, End, IdentityMode
from kproxy.model.session import SessionEnd
from kproxy.store.reader import open_recording
from tests.support.authority import Authority
from tests.support.record_process import record_process, wait_for
from tests.support.small_upstream import Handler, small_upstream

pytestmark = pytest.mark.process

KPROXY = [sys.executable, "-m", "kproxy"]


@pytest.fixture(autouse=True)
def _own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.delenv("KPROXY_LAB", raising=False)


def kubeconfig(folder: Path, server: str) -> Path:
    path = folder / "kubeconfig"
    path.write_text(
        "apiVersion: v1\nkind: Config\ncurrent-context: here\n"
        "contexts: [{name: here, context: {cluster: c, user: u}}, {name: there, context: {cluster: c, user: u}}]\n"
        f"clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n"
        "users: [{name: u, user: {token: the-users-own-token-of-the-kubeconfig}}]\n"
    )
    return path


def test_command_is_told_where_to_go_and_its_kubeconfig_is_private_and_gone_at_the_end(tmp_path: Path) -> None:
    script = (
        'cat "$KUBECONFIG" > "$1/seen.yaml";'
        'ls -l "$KUBECONFIG" | cut -c1-10 > "$1/mode"; echo "$KUBECONFIG" > "$1/path";'
        'curl -sS --cacert "$KPROXY_CA" -H "Authorization: Bearer $KPROXY_TOKEN" "$KPROXY_URL/api/v1/pods/x" > "$1/got"'
    )
    with small_upstream() as upstream:
        command = ["sh", "-c", script, "sh", str(tmp_path)]
        options = ["--kubeconfig", str(kubeconfig(tmp_path, upstream)), "-o", str(tmp_path / "s.kproxy")]
        subprocess.run([*KPROXY, "record", *options, "--", *command], check=True)
    seen = (tmp_path / "seen.yaml").read_text()
    assert "current-context: here" in seen
    assert "name: there" in seen
    assert (tmp_path / "mode").read_text().strip() == "-rw-------"
    assert not Path((tmp_path / "path").read_text().strip()).exists()
    assert json.loads((tmp_path / "got").read_text())["metadata"]["name"] == "x"
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        (exchange,) = recording.exchanges()
        assert exchange.end is End.COMPLETE
        assert exchange.caller == "u"
        assert recording.session.end is SessionEnd.COMPLETE
        assert recording.session.exit_code == 0
        assert recording.session.command == ("sh",)


def test_without_the_token_nothing_is_served_with_the_kubeconfigs_credentials(tmp_path: Path) -> None:
    with small_upstream() as upstream:
        options = ["--kubeconfig", str(kubeconfig(tmp_path, upstream)), "-o", str(tmp_path / "s.kproxy")]
        script = 'curl -sS --cacert "$KPROXY_CA" -H "Authorization: Bearer wrong" "$KPROXY_URL/api/v1/pods/x"'
        done = subprocess.run(
            [*KPROXY, "record", *options, "--", "sh", "-c", script], check=True, capture_output=True, text=True
        )
    assert json.loads(done.stdout)["code"] == 401
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        assert [exchange.end for exchange in recording.exchanges()] == [End.REFUSED]


def test_with_identity_pass_the_commands_own_credentials_reach_the_server_and_no_others(tmp_path: Path) -> None:
    script = (
        'token=$(sed -n "s/.*token: //p" "$KUBECONFIG"); test -z "$KPROXY_TOKEN" || exit 3;'
        'for given in "$token" other; do'
        '  curl -sS --cacert "$KPROXY_CA" -H "Authorization: Bearer $given" "$KPROXY_URL/api/v1/pods/x"; done;'
        'curl -sS --cacert "$KPROXY_CA" "$KPROXY_URL/api/v1/pods/x"'
    )
    Handler.seen.clear()
    with small_upstream() as upstream:
        options = ["--kubeconfig", str(kubeconfig(tmp_path, upstream)), "-o", str(tmp_path / "s.kproxy")]
        options += ["--identity", "pass"]
        subprocess.run([*KPROXY, "record", *options, "--", "sh", "-c", script], check=True)
    # The first two are kproxy's own questions, for the header.
    assert Handler.seen[2:] == ["Bearer the-users-own-token-of-the-kubeconfig", "Bearer other", ""]
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        exchanges = list(recording.exchanges())
    assert [(each.identity, each.caller, each.forwarded) for each in exchanges] == [
        (IdentityMode.PASS, "client", "")
    ] * 3
    assert {each.altered for each in exchanges} == {Altered.HOST}
    assert b"the-users-own-token" not in (tmp_path / "s.kproxy").read_bytes()


def test_what_was_left_out_on_purpose_is_in_the_header_with_its_count(tmp_path: Path) -> None:
    script = 'for path in api/v1/pods/x healthz api/v1/pods/y livez; do curl -sS "$KPROXY_URL/$path"; done > /dev/null'
    rules = ["--exclude", "resource=", "--only", "user-agent=curl/*"]
    options = ["--listen", "http://127.0.0.1:0", "-o", str(tmp_path / "s.kproxy"), *rules]
    with small_upstream() as upstream:
        subprocess.run([*KPROXY, "record", "--upstream", upstream, *options, "--", "sh", "-c", script], check=True)
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        assert [exchange.info.name for exchange in recording.exchanges()] == ["x", "y"]
        assert list(recording.gaps()) == []
        assert recording.session.capture == "--only 'user-agent=curl/*' --exclude resource=: 2 exchanges left out"
    for options in ([], ["-f", "--json"]):
        log = subprocess.run(
            [*KPROXY, "log", str(tmp_path / "s.kproxy"), *options], check=True, capture_output=True, text=True
        )
        assert len(log.stdout.splitlines()) == 2
        assert log.stderr == (
            "kproxy: recorded with --only 'user-agent=curl/*' --exclude resource=: 2 exchanges left out\n"
        )


def test_a_forward_proxys_client_keeps_the_servers_name_and_is_told_the_proxy(tmp_path: Path) -> None:
    script = 'cat "$KUBECONFIG" > "$1/seen.yaml"; env > "$1/env"; curl -sS --proxy "$KPROXY_PROXY" "$KPROXY_URL/pods/x"'
    with small_upstream() as upstream:
        options = ["--kubeconfig", str(kubeconfig(tmp_path, upstream)), "-o", str(tmp_path / "s.kproxy")]
        command = [*KPROXY, "record", "--mode", "regular", *options, "--", "sh", "-c", script, "sh", str(tmp_path)]
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert json.loads(done.stdout)["metadata"]["name"] == "x"
    seen = (tmp_path / "seen.yaml").read_text()
    told = dict(line.partition("=")[::2] for line in (tmp_path / "env").read_text().splitlines())
    assert told["KPROXY_URL"] == upstream
    assert f"proxy-url: {told['KPROXY_PROXY']}" in seen
    assert told["KPROXY_TOKEN"] in told["KPROXY_PROXY"]
    assert seen.count(f"server: {upstream}") == 2
    with open_recording(str(tmp_path / "s.kproxy")) as recording:
        (exchange,) = recording.exchanges()
        assert (exchange.request.target, exchange.caller, exchange.end) == ("/pods/x", "u", End.COMPLETE)
        assert "Proxy-Authorization" not in dict(exchange.request.headers)


def test_a_forward_proxys_client_of_an_upstream_without_credentials_shows_none_to_it(tmp_path: Path) -> None:
    with small_upstream() as upstream:
        options = ["--upstream", upstream, "-o", str(tmp_path / "s.kproxy")]
        command = [*KPROXY, "record", "--mode", "regular", *options, "--", "sh", "-c", 'cat "$KUBECONFIG"; env']
        done = subprocess.run(command, check=True, capture_output=True, text=True)
    assert "proxy-url: http://kproxy:" in done.stdout
    assert "KPROXY_PROXY=http://kproxy:" in done.stdout
    assert "token:" not in done.stdout


def test_a_certificate_that_cannot_pass_is_said_at_the_start(tmp_path: Path) -> None:
    issued = Authority().client("ada")
    cert, key = issued.written(tmp_path, "ada")
    with small_upstream() as upstream:
        config = kubeconfig(tmp_path, upstream.replace("http:", "https:"))
        user = f"{{client-certificate: '{cert}', client-key: '{key}'}}"
        config.write_text(config.read_text().replace("{token: the-users-own-token-of-the-kubeconfig}", user))
        options = ["--kubeconfig", str(config), "-o", str(tmp_path / "s.kproxy"), "--identity", "pass"]
        done = subprocess.run([*KPROXY, "record", *options, "--", "true"], check=True, capture_output=True, text=True)
    assert 'user "u" shows a client certificate, which cannot pass' in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)], ids=["Ctrl-C", "SIGTERM"])
def test_a_signal_ends_a_recording_properly(tmp_path: Path, number: signal.Signals, code: int) -> None:
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, record_process(upstream, output) as running:
        place = urlsplit(running.url)
        client = http.client.HTTPConnection(place.hostname or "", place.port)
        client.request("GET", "/api/v1/namespaces/default/configmaps/x")
        assert client.getresponse().read()
        running.process.send_signal(number)
        assert running.process.wait(60) == code
    with open_recording(str(output)) as recording:
        assert recording.session.end is SessionEnd.COMPLETE
        assert len(list(recording.exchanges())) == 1
    assert [path.name for path in tmp_path.glob("s.kproxy*")] == ["s.kproxy"]


def test_sigterm_is_handed_to_command_whose_exit_code_counts(tmp_path: Path) -> None:
    script = 'trap "exit 9" TERM; touch "$1/up"; while :; do sleep 0.05; done'
    command = ["record", "--upstream", "http://127.0.0.1:1", "-o", str(tmp_path / "s.kproxy"), "--", "sh", "-c", script]
    process = subprocess.Popen([*KPROXY, *command, "sh", str(tmp_path)])
    wait_for(lambda: (tmp_path / "up").exists() or None)
    process.terminate()
    assert process.wait(60) == 9


def test_a_growing_recording_can_be_followed(tmp_path: Path) -> None:
    output = tmp_path / "s.kproxy"
    with small_upstream() as upstream, record_process(upstream, output) as running:
        place = urlsplit(running.url)
        follow = subprocess.Popen(
            [*KPROXY, "log", str(output), "-f", "--json"], stdout=subprocess.PIPE, text=True, env=dict(os.environ)
        )
        assert follow.stdout is not None
        for name in ("one", "two"):
            client = http.client.HTTPConnection(place.hostname or "", place.port)
            client.request("GET", f"/api/v1/namespaces/default/configmaps/{name}")
            client.getresponse().read()
            assert json.loads(follow.stdout.readline())["name"] == name
        running.process.send_signal(signal.SIGINT)
        assert follow.wait(60) == 0
