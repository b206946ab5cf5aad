"""kproxy.session.acting: who can send is known before anything is sent."""

from dataclasses import replace

import pytest

from kproxy.config.actors import Actor
from kproxy.config.upstream import Upstream, upstream_from_url
from kproxy.errors import ReplayError, UsageError
from kproxy.model.exchange import End, Exchange, IdentityMode, Nanos, Request, Seq
from kproxy.replay.plan import make_plan
from kproxy.session.acting import Acting, check_callers
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


def test_nobody_impersonates_without_credentials() -> None:
    with pytest.raises(UsageError, match="the target has none"):
        check(Acting(how="impersonate"), target=NOBODY)


def test_callers_that_nobody_stands_for_are_named_but_those_who_were_refused() -> None:
    acting = Acting(actors={"ada": Actor(context="x")})
    check(acting, by(1, "ada", IdentityMode.ONE), by(2, "eve", IdentityMode.NONE, End.REFUSED))
    others = [by(seq, f"other-{seq}", IdentityMode.ONE) for seq in range(2, 10)]
    with pytest.raises(ReplayError, match=r"'other-2'.*'other-6' and 3 more"):
        check(acting, by(1, "ada", IdentityMode.ONE), *others)
