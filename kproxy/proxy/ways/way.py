"""The ways in: kproxy is named instead of the api-server, as its forward proxy, or gets connections redirected."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import partial

from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError, ProxyError
from kproxy.proxy.sockets.certificates import LOCAL
from kproxy.proxy.sockets.connection import Connection, Wiring
from kproxy.proxy.sockets.dial import Dialer
from kproxy.proxy.sockets.listener import Admit
from kproxy.proxy.sockets.serving import OWN, Serving, ServingFiles
from kproxy.proxy.tap.entrance import Entrance, PathPrefix
from kproxy.proxy.tap.tap import Tap
from kproxy.proxy.ways.addresses import Addresses
from kproxy.proxy.ways.door import ForwardDoor, Guest, RedirectedDoor
from kproxy.proxy.ways.forward import USER, AbsoluteForm, Destination, Members, normal_host
from kproxy.proxy.ways.listen import Listen, in_url


class Mode(StrEnum):
    """How clients come in."""

    REVERSE = "reverse"  # they name kproxy instead of the api-server
    REGULAR = "regular"  # they name the api-server, and kproxy as their proxy
    TRANSPARENT = "transparent"  # they know nothing: a firewall redirects them


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """The way in. `tunnel_others`: pass on, unrecorded, what is on its way to other servers, instead of refusing it."""

    mode: Mode = Mode.REVERSE
    tunnel_others: bool = False


DIRECT = Way()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parts:
    """What a way in is made of. `make_tap`: of a way's entrance, a connection's number and whether it is TLS."""

    upstream: Upstream
    wiring: Wiring
    make_tap: Callable[[Entrance | None, int, bool], Tap]
    dialer: Callable[[Destination], Dialer]  # for the api-server at one of its addresses
    stranger: Callable[[Destination], Dialer]  # for any other server, without TLS
    serving: Serving | None
    token: str | None
    names: tuple[str, ...]


def check_way(way: Way, listen: Listen, upstream: Upstream, *, gives_rights: bool) -> None:
    """ConfigError and ProxyError where way and address do not go together.

    `gives_rights`: whoever uses kproxy is somebody else by that.
    """
    if way.mode is Mode.REVERSE:
        if way.tunnel_others:
            raise ConfigError("--tunnel-others is for --mode regular and transparent: there are no others without.")
        if not listen.tls and gives_rights and not listen.is_loopback:
            raise ProxyError(
                f"kproxy does not listen on {listen.given}: without TLS it would give the kubeconfig's credentials "
                "to everyone who can reach it, so it does that on loopback only; listen on https://…, or on 127.0.0.1."
            )
        return
    if listen.prefix:
        raise ConfigError(f"--mode {way.mode} serves below no path, and --listen is {listen.given!r}.")
    if way.mode is Mode.REGULAR:
        if listen.tls:
            raise ConfigError(f"--mode regular listens on http://HOST:PORT, and --listen is {listen.given!r}.")
        if not listen.is_loopback:
            raise ProxyError(
                f"kproxy does not listen on {listen.given}: its token would cross the network for everyone to read, "
                "so --mode regular is on loopback only."
            )
        return
    if listen.tls is not (upstream.tls is not None):
        scheme = "https" if upstream.tls is not None else "http"
        raise ConfigError(
            f"--mode transparent plays the api-server, which speaks {scheme}, and --listen is {listen.given!r}."
        )
    if gives_rights and not listen.tls:
        raise ConfigError("--mode transparent without TLS has nobody show kproxy's token: use --identity pass.")


def names_of(way: Way, listen: Listen, upstream: Upstream, serving: ServingFiles) -> tuple[str, ...]:
    """For what clients take kproxy. ConfigError if something is to be shown where nothing is."""
    if way.mode is Mode.REVERSE:
        if not listen.tls and serving != OWN:
            raise ConfigError(f"A certificate is shown by a TLS listener only, and --listen is {listen.given!r}.")
        return (*LOCAL, listen.host, *serving.names)
    if upstream.tls is None and serving != OWN:
        raise ConfigError(f"No certificate is shown to clients of an http api-server, and it is {upstream.url}.")
    server_name = upstream.tls.server_name if upstream.tls is not None else ""
    places = (host for host, _ in upstream.others)
    return tuple(name for name in (upstream.host, server_name, *places, *serving.names) if name)


def admit(way: Way, listen: Listen, parts: Parts) -> Admit:
    """What is done with each accepted socket."""
    if way.mode is Mode.REVERSE:
        entrance = PathPrefix(listen.prefix) if listen.prefix else None
        return partial(Connection, replace(parts.wiring, make_tap=partial(parts.make_tap, entrance)))
    # Clients that name the api-server itself say its prefix, which the recording leaves out and Identity puts on.
    prefix = parts.upstream.path_prefix
    inner = PathPrefix(prefix) if prefix else None
    wiring = replace(parts.wiring, make_tap=partial(parts.make_tap, inner))
    others = parts.stranger if way.tunnel_others else None
    if way.mode is Mode.TRANSPARENT:
        return partial(Guest, _redirected_door(parts, wiring, others))
    return partial(Guest, _forward_door(parts, wiring, inner, others))


def _redirected_door(parts: Parts, wiring: Wiring, others: Callable[[Destination], Dialer] | None) -> RedirectedDoor:
    upstream = parts.upstream
    places = [Addresses(host, port) for host, port in ((upstream.host, upstream.port), *upstream.others)]

    async def is_server(where: Destination) -> bool:
        return any([await place(where) for place in places])

    def redirected(where: Destination) -> Wiring:
        return _shown(replace(wiring, dialer=parts.dialer(where)), parts.serving, where.host)

    return RedirectedDoor(is_server=is_server, inside=redirected, others=others)


def _forward_door(
    parts: Parts, wiring: Wiring, inner: Entrance | None, others: Callable[[Destination], Dialer] | None
) -> ForwardDoor:
    upstream, members = parts.upstream, Members(parts.token)
    places = {Destination(normal_host(host), port): Destination(host, port) for host, port in upstream.others}
    servers = frozenset([Destination(normal_host(name), upstream.port) for name in parts.names] + list(places))
    plain = AbsoluteForm(members, servers if upstream.tls is None else frozenset(), inner)

    def named(where: Destination) -> Wiring:
        place = places.get(where)
        inside = replace(wiring, dialer=parts.dialer(place)) if place is not None else wiring
        return _shown(inside, parts.serving, where.host)

    return ForwardDoor(
        members=members,
        servers=servers,
        inside=named,
        absolute=replace(wiring, make_tap=partial(parts.make_tap, plain), client_tls=_none),
        outbox=wiring.outbox,
        others=others,
    )


def proxy_url(way: Way, address: tuple[str, int], token: str | None) -> str | None:
    """What clients of a forward proxy are told, its token in it."""
    if way.mode is not Mode.REGULAR:
        return None
    return f"http://{USER}:{token}@{in_url(address[0])}:{address[1]}"


def _shown(wiring: Wiring, serving: Serving | None, host: str) -> Wiring:
    """With a certificate that is good for this host, too."""
    return replace(wiring, client_tls=partial(serving.context, host) if serving is not None else _none)


def _none() -> None:
    """No TLS."""
