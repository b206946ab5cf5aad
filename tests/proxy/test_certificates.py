import contextlib
import ssl

import pytest
from OpenSSL import SSL

from kproxy.proxy.certificates import make_serving_certificate
from kproxy.proxy.tls import listener_context


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "host.example"])
def test_the_certificate_is_good_for_local_names_and_the_given_one(name: str) -> None:
    serving = make_serving_certificate("host.example")
    trusting = ssl.create_default_context(cadata=serving.ca_pem)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(incoming, outgoing, server_hostname=name)
    server = SSL.Connection(listener_context(serving))
    server.set_accept_state()

    for _ in range(4):
        with contextlib.suppress(ssl.SSLWantReadError):
            client.do_handshake()
        if data := outgoing.read():
            server.bio_write(data)
        with contextlib.suppress(SSL.WantReadError):
            server.do_handshake()
        with contextlib.suppress(SSL.WantReadError):
            incoming.write(server.bio_read(65536))

    assert client.version() == "TLSv1.3"


def test_each_run_has_an_authority_of_its_own() -> None:
    assert make_serving_certificate("h").ca_pem != make_serving_certificate("h").ca_pem


def test_the_key_is_not_in_its_repr() -> None:
    assert "key" not in repr(make_serving_certificate("h"))
