"""Hosts by their names alone: nothing is asked for."""

from ipaddress import ip_address


def is_this_machine(host: str) -> bool:
    """Whether a host is loopback by itself: an address of it, or `localhost`."""
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
