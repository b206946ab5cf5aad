"""Where a client meant to go whose connection a firewall has redirected here: Linux's SO_ORIGINAL_DST."""

import ipaddress
import socket
import struct

from kproxy.proxy.ways.forward import Destination

_SOL_IP = 0
_SOL_IPV6 = 41
_SO_ORIGINAL_DST = 80
"""The same number for both (linux/netfilter_ipv4.h, linux/netfilter_ipv6/ip6_tables.h)."""

_IPV4 = struct.Struct("!2xH4s8x")  # sockaddr_in behind its family, which is in the machine's byte order
_IPV6 = struct.Struct("!2xH4x16s4x")  # sockaddr_in6


def original_destination(sock: socket.socket) -> Destination | None:
    """An accepted connection's first destination; None if it came here by itself, or the kernel does not know."""
    here = address_of(sock.getsockname())
    try:
        there = _ask(sock, here)
    except OSError:
        return None
    return there if there != here else None


def address_of(name: tuple[object, ...]) -> Destination:
    """A socket's name, an IPv4 address that is written as IPv6 (::ffff:…) as what it is."""
    address = ipaddress.ip_address(str(name[0]).partition("%")[0])
    mapped = address.ipv4_mapped if isinstance(address, ipaddress.IPv6Address) else None
    return Destination(str(mapped or address), int(str(name[1])))


def _ask(sock: socket.socket, here: Destination) -> Destination:
    if ":" in here.host:
        port, address = _IPV6.unpack(sock.getsockopt(_SOL_IPV6, _SO_ORIGINAL_DST, _IPV6.size))
        return address_of((socket.inet_ntop(socket.AF_INET6, address), port))
    port, address = _IPV4.unpack(sock.getsockopt(_SOL_IP, _SO_ORIGINAL_DST, _IPV4.size))
    return address_of((socket.inet_ntop(socket.AF_INET, address), port))
