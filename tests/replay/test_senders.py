"""kproxy.replay.senders."""

import pytest

from kproxy.config.upstream import upstream_from_url
from kproxy.errors import ReplayError
from kproxy.model.exchange import Exchange, Headers, IdentityMode, Nanos, Request, Seq
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.replay.senders import Impersonating, Mapped, One, WithTokens, caller_of
from kproxy.replay.transport import Transport
from kproxy.wire.requestinfo import request_info

PSEUDONYM = "kproxy-redacted-" + "0123456789abcdef" * 2 + "01234567"


def by(
    caller: str,
    forwarded: str = "",
    identity: IdentityMode = IdentityMode.IMPERSONATE,
    headers: Headers = (),
) -> Exchange:
    return Exchange(
        seq=Seq(3),
        connection=1,
        started=Nanos(1),
        request=Request(method="GET", target="/api", http_version="HTTP/1.1", headers=headers),
        info=request_info("GET", "/api"),
        caller=caller,
        forwarded=forwarded,
        identity=identity,
    )


def transport() -> Transport:
    return Transport(upstream_from_url("http://127.0.0.1:1"))


def test_a_caller_is_a_name_and_its_groups() -> None:
    assert caller_of(by("ada", "ada [dev, ops]")) == ("ada", ("dev", "ops"))
    assert caller_of(by("ada", "ada")) == ("ada", ())
    assert caller_of(by("a [b]", "a [b] [c]")) == ("a [b]", ("c",))
    assert caller_of(by("ada", "")) == ("ada", ()), "nothing was shown of it but its name"


@pytest.mark.parametrize("cut", [by("ada", "ada [dev, op"), by("ada", "ada [dev"), by("", "")])
def test_a_caller_that_is_cut_is_nobody(cut: Exchange) -> None:
    with pytest.raises(ReplayError, match="exchange 3 is not wholly known"):
        caller_of(cut)


def test_callers_that_kproxy_asked_for_are_impersonated_and_others_are_the_targets_user() -> None:
    senders = Impersonating(transport())
    assert senders.of(by("ada", "ada [dev, ops]")).fields == (
        ("Impersonate-User", "ada"),
        ("Impersonate-Group", "dev"),
        ("Impersonate-Group", "ops"),
    )
    assert senders.of(by("kubernetes-admin", "", IdentityMode.ONE)).fields == ()


def test_a_mapped_caller_has_its_own_transport_and_another_one_none() -> None:
    ada, bob = transport(), transport()
    senders = Mapped({"ada": ada, "bob": bob})
    assert senders.of(by("bob")).transport is bob
    with pytest.raises(ReplayError, match="'eve' of exchange 3"):
        senders.of(by("eve"))


def test_who_showed_an_issued_token_shows_the_targets_own() -> None:
    renaming = Renaming()
    bare = transport()
    one = One(transport())
    senders = WithTokens(one, bare, renaming)
    shown = by("client", "", IdentityMode.PASS, (("Authorization", f"Bearer {PSEUDONYM}--"),))
    assert senders.of(shown).transport is one.transport, "nobody issued it in this session"
    renaming.learn_name(Kind.PSEUDONYM, f"{PSEUDONYM}--", "live.token.of-this_server")
    sender = senders.of(shown)
    assert sender.transport is bare
    assert sender.authorization == "Bearer live.token.of-this_server"
    assert "live" not in repr(sender)
    assert senders.of(by("ada")).transport is one.transport
    own = by("client", "", IdentityMode.PASS, (("Authorization", "Bearer of-its-own"),))
    assert senders.of(own).transport is one.transport, "it was hidden from nobody"


class Closing(Transport):
    """Counts how often it is closed."""

    closed = 0

    def close(self) -> None:
        """Once more."""
        self.closed += 1


def test_each_transport_is_closed_once_whoever_shares_it() -> None:
    shared, own, bare = (Closing(upstream_from_url("http://127.0.0.1:1")) for _ in range(3))
    WithTokens(Mapped({"ada": shared, "bob": shared, "eve": own}), bare, Renaming()).close()
    assert (shared.closed, own.closed, bare.closed) == (1, 1, 1)
    One(own).close()
    Impersonating(own).close()
    assert own.closed == 3
