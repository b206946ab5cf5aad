"""As whom a replay sends: `--as one`, `--as impersonate`, `--as-map FILE`; and connections for each of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from kproxy.config.actors import Actor
from kproxy.config.credentials import asked_once
from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError, ReplayError, UsageError
from kproxy.model.exchange import End, Exchange, IdentityMode
from kproxy.model.recording import Recording
from kproxy.proxy.within import Within
from kproxy.replay.links import Link
from kproxy.replay.plan import Plan
from kproxy.replay.senders import KNOWN, Impersonating, Mapped, One, Senders, caller_of
from kproxy.replay.transport import Transport
from kproxy.session.driving import InsideLink, seen_from_inside

_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Acting:
    """`actors`: by recorded caller, where they are mapped; `env`: where a kubeconfig is looked for."""

    how: Literal["one", "impersonate"] = "one"
    actors: Mapping[str, Actor] = field(default_factory=dict)
    env: Mapping[str, str] = field(default_factory=dict)


def check_callers(acting: Acting, target: Upstream, recording: Recording, plan: Plan) -> None:
    """Whether everybody who is to send can: before anything is sent. ReplayError, UsageError."""
    if acting.how == "impersonate" and not acting.actors:
        if not target.injects:
            raise UsageError("--as impersonate needs credentials that may impersonate, and the target has none")
        if target.impersonate:
            raise UsageError("--as impersonate cannot go on from a user who is impersonated itself")
    elif not acting.actors:
        return
    left_out = plan.left_out
    unmapped: dict[str, None] = {}
    for exchange in recording.exchanges():
        if exchange.end is End.REFUSED or exchange.seq in left_out:
            continue
        if not acting.actors:
            _must_be_known(exchange)
        elif exchange.caller not in acting.actors:
            unmapped[exchange.caller] = None
    if unmapped:
        names = ", ".join(repr(name) for name in list(unmapped)[:_NAMED])
        more = f" and {len(unmapped) - _NAMED} more" if len(unmapped) > _NAMED else ""
        raise ReplayError(f"Nobody stands for {names}{more} in the file of --as-map: add a context or a token-file.")


def notes_on_callers(acting: Acting, recording: Recording, plan: Plan) -> tuple[str, ...]:
    """What whoever asked for it should know: callers without names are not impersonated."""
    if acting.how != "impersonate" or acting.actors:
        return ()
    left_out = plan.left_out
    if any(each.identity in KNOWN and each.seq not in left_out for each in recording.exchanges()):
        return ()
    note = (
        "the recording knows none of its callers by a Kubernetes name (record with --identity impersonate or "
        "front-proxy), so --as impersonate sends all of them as the target's user"
    )
    return (note,)


def _must_be_known(exchange: Exchange) -> None:
    """Who passed with credentials of his own was never named to kproxy; who showed none is nobody to impersonate."""
    if exchange.identity is IdentityMode.PASS:
        raise ReplayError(
            f"The caller of exchange {exchange.seq} is not known, its own credentials passed: record with --identity "
            "impersonate or front-proxy, or map callers with --as-map."
        )
    if exchange.identity in KNOWN:
        caller_of(exchange)


async def upstreams(acting: Acting, target: Upstream) -> dict[str, Upstream]:
    """The target with each actor's credentials, by recorded caller. ConfigError."""
    return {caller: await _upstream(caller, actor, target, acting.env) for caller, actor in acting.actors.items()}


def senders_named(acting: Acting, user: str) -> tuple[str, ...]:
    """Who sends, for people, where it is not `user` for everybody."""
    if acting.actors:
        return tuple(f"{caller} ({_named(actor)})" for caller, actor in acting.actors.items())
    return (f"the recorded callers (impersonated by {user})",) if acting.how == "impersonate" else ()


def _named(actor: Actor) -> str:
    if actor.token_file is not None:
        return f"token-file {actor.token_file}"
    return f"context {actor.context}" + (f" of {actor.kubeconfig}" if actor.kubeconfig else "")


async def senders(acting: Acting, target: Upstream, mapped: Mapping[str, Upstream], proxy: Within) -> Senders:
    """Who sends, through the replay's own proxy."""
    if acting.actors:
        for upstream in mapped.values():
            await proxy.ready(upstream)
        return Mapped({caller: transport_to(proxy, upstream) for caller, upstream in mapped.items()})
    transport = transport_to(proxy, target)
    return Impersonating(transport) if acting.how == "impersonate" else One(transport)


def transport_to(proxy: Within, upstream: Upstream) -> Transport:
    """Connections to it through the replay's own proxy, which sets its credentials."""

    async def dial() -> Link:
        return InsideLink(proxy.connect(upstream))

    return Transport(seen_from_inside(upstream), dial=dial)


def secrets_of(mapped: Mapping[str, Upstream]) -> tuple[str, ...]:
    """What must not be in the replay's recording, wherever it occurs."""
    found = [secret for each in mapped.values() for secret in (each.token, each.password) if secret]
    return tuple(dict.fromkeys(found))


async def _upstream(caller: str, actor: Actor, target: Upstream, env: Mapping[str, str]) -> Upstream:
    if actor.token_file is not None:
        return replace(target.without_credentials(), token_file=actor.token_file, withheld=False)
    meant = load_kubeconfig(actor.kubeconfig, env).upstream(actor.context)
    if _place(meant) != _place(target):  # another cluster's credentials are none of the target's business
        raise ConfigError(
            f"The context {actor.context!r} of {caller!r} is of {meant.url} and the target is {target.url}: "
            "its credentials are not sent there."
        )
    shown = await asked_once(meant)
    place = replace(
        target.without_credentials(),
        token=shown.token,
        token_file=shown.token_file,
        username=shown.username,
        password=shown.password,
        impersonate=shown.impersonate,
        context=shown.context,
        user=shown.user,
        withheld=False,
    )
    tls = shown.tls
    if tls is None or tls.client_cert_pem is None or tls.client_key_pem is None:
        return place
    return place.showing((tls.client_cert_pem, tls.client_key_pem))


def _place(upstream: Upstream) -> tuple[bool, str, int, str]:
    """Which server it is, as far as its URL says: several may be at one place, behind paths."""
    return upstream.tls is not None, upstream.host.lower(), upstream.port, upstream.path_prefix
