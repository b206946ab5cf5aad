import contextlib
import ssl

import pytest

from kproxy.proxy.sockets.certificates import LOCAL, make_authority
from kproxy.proxy.sockets.tls import listener_context


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1", "::1", "host.example"])
def test_the_certificate_is_good_for_local_names_and_the_given_one(name: str) -> None:
    serving = make_authority().issue((*LOCAL, "host.example"))
    trusting = ssl.create_default_context(cadata=serving.ca_pem)
    trusting.verify_flags |= ssl.VERIFY_X509_STRICT
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=name)
    server = listener_context(serving).wrap_bio(to_server, to_client, server_side=True)

    for _ in range(4):
        for side in (client, server):
            with contextlib.suppress(ssl.SSLWantReadError):
                side.do_handshake()

    assert client.version() == "TLSv1.3"


def test_each_run_has_an_authority_of_its_own() -> None:
    assert make_authority().issue(LOCAL).ca_pem != make_authority().issue(LOCAL).ca_pem


def test_the_key_is_not_in_its_repr() -> None:
    assert "key" not in repr(make_authority().issue(LOCAL))
