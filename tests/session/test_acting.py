"""kproxy.session.acting: who can send is known before anything is sent."""

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from kproxy.config.actors import Actor
from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.errors import ConfigError, ReplayError, UsageError
from kproxy.model.exchange import End, Exchange, IdentityMode, Nanos, Request, Seq
from kproxy.replay.plan import make_plan
from kproxy.session.acting import Acting, check_callers, notes_on_callers, senders_named, upstreams
from kproxy.wire.requestinfo import request_info
from tests.support.memory import MemoryRecording

NOBODY = upstream_from_url("http://127.0.0.1:1")
TARGET = replace(NOBODY, token="t0ken")


def by(seq: int, caller: str, identity: IdentityMode, end: End = End.COMPLETE) -> Exchange:
    return Exchange(
        seq=Seq(seq),
        connection=1,
        started=Nanos(seq),
        ended=Nanos(seq + 1),
        request=Request(method="GET", target="/api", http_version="HTTP/1.1", headers=()),
        info=request_info("GET", "/api"),
        end=end,
        caller=caller,
        identity=identity,
        forwarded=f"{caller} [dev]",
    )


def check(acting: Acting, *exchanges: Exchange, target: Upstream = TARGET) -> None:
    recording = MemoryRecording(exchange_list=list(exchanges))
    check_callers(acting, target, recording, make_plan(recording))


def test_one_user_stands_for_anybody() -> None:
    check(Acting(), by(1, "client", IdentityMode.PASS), target=NOBODY)


def test_who_passed_with_credentials_of_his_own_cannot_be_impersonated() -> None:
    check(Acting(how="impersonate"), by(1, "ada", IdentityMode.FRONT_PROXY), by(2, "admin", IdentityMode.ONE))
    with pytest.raises(ReplayError, match=r"exchange 2 is not known.*--as-map"):
        check(Acting(how="impersonate"), by(1, "ada", IdentityMode.IMPERSONATE), by(2, "client", IdentityMode.PASS))


def test_a_recording_that_knows_nobody_says_that_all_are_the_targets_user() -> None:
    def notes(acting: Acting, *exchanges: Exchange) -> tuple[str, ...]:
        recording = MemoryRecording(exchange_list=list(exchanges))
        return notes_on_callers(acting, recording, make_plan(recording))

    impersonate = Acting(how="impersonate")
    (note,) = notes(impersonate, by(1, "client", IdentityMode.ONE), by(2, "client", IdentityMode.ONE))
    assert "sends all of them as the target's user" in note
    assert notes(impersonate, by(1, "client", IdentityMode.ONE), by(2, "ada", IdentityMode.IMPERSONATE)) == ()
    assert notes(Acting(), by(1, "client", IdentityMode.ONE)) == ()


def test_nobody_impersonates_without_credentials() -> None:
    with pytest.raises(UsageError, match="the target has none"):
        check(Acting(how="impersonate"), target=NOBODY)


def test_callers_that_nobody_stands_for_are_named_but_those_who_were_refused() -> None:
    acting = Acting(actors={"ada": Actor(context="x")})
    check(acting, by(1, "ada", IdentityMode.ONE), by(2, "eve", IdentityMode.NONE, End.REFUSED))
    others = [by(seq, f"other-{seq}", IdentityMode.ONE) for seq in range(2, 10)]
    with pytest.raises(ReplayError, match=r"'other-2'.*'other-6' and 3 more"):
        check(acting, by(1, "ada", IdentityMode.ONE), *others)


def kubeconfig(path: Path, server: str) -> Path:
    """A context `ada` with a token, of a cluster."""
    path.write_text(
        "apiVersion: v1\nkind: Config\n"
        f"clusters: [{{name: c, cluster: {{server: '{server}'}}}}]\n"
        "users: [{name: ada, user: {token: of-ada}}]\n"
        "contexts: [{name: ada, context: {cluster: c, user: ada}}]\n"
    )
    return path


def test_a_context_of_the_target_gives_its_credentials(tmp_path: Path) -> None:
    ada = Actor(context="ada", kubeconfig=kubeconfig(tmp_path / "k", "http://127.0.0.1:1"))
    found = asyncio.run(upstreams(Acting(actors={"ada": ada}), TARGET))
    assert (found["ada"].url, found["ada"].token) == (TARGET.url, "of-ada")


@pytest.mark.parametrize(
    "server", ["http://127.0.0.1:2", "http://10.0.0.1:1", "https://127.0.0.1:1", "http://127.0.0.1:1/other"]
)
def test_another_clusters_credentials_do_not_go_to_the_target(tmp_path: Path, server: str) -> None:
    ada = Actor(context="ada", kubeconfig=kubeconfig(tmp_path / "k", server))
    with pytest.raises(ConfigError, match=r"'ada' is of .* and the target is http://127.0.0.1:1: its credentials"):
        asyncio.run(upstreams(Acting(actors={"ada": ada}), TARGET))


def test_who_sends_is_named_for_people() -> None:
    actors = {"ada": Actor(context="x"), "bob": Actor(token_file=Path("t"))}
    assert senders_named(Acting(actors=actors), "admin") == ("ada (context x)", "bob (token-file t)")
    assert senders_named(Acting(how="impersonate"), "admin") == ("the recorded callers (impersonated by admin)",)
    assert senders_named(Acting(), "admin") == ()
