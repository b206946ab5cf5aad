"""Where a connection was going; tests/transparent has real firewalls."""

import socket

from kproxy.proxy.ways.forward import Destination
from kproxy.proxy.ways.redirected import address_of, original_destination


def test_a_connection_that_nobody_redirected_has_no_other_destination() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_connection(server.getsockname()):
        accepted, _ = server.accept()
        with accepted:
            assert original_destination(accepted) is None


def test_an_ipv4_address_is_the_same_in_ipv6s_clothes() -> None:
    assert address_of(("::ffff:10.0.0.1", 443, 0, 0)) == Destination("10.0.0.1", 443)
    assert address_of(("fe80::1%eth0", 443, 0, 2)) == Destination("fe80::1", 443)
