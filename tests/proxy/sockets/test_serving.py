"""What kproxy shows of itself: a user's certificate, or one that a user's authority issues, read again when rotated."""

import asyncio
import datetime as dt
import logging
import os
import ssl
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.types import CertificateIssuerPrivateKeyTypes
from cryptography.x509.oid import NameOID

from kproxy.errors import ConfigError
from kproxy.proxy.sockets.certificates import make_authority, pem_of
from kproxy.proxy.sockets.serving import OWN, Serving, ServingFiles, Source, source_of
from kproxy.proxy.sockets.tls import listener_context
from tests.proxy.stage import GET_OK, OK, Stage, self_signed, stage

USAGE = x509.KeyUsage(
    digital_signature=True,
    key_cert_sign=True,
    crl_sign=True,
    content_commitment=False,
    key_encipherment=False,
    data_encipherment=False,
    key_agreement=False,
    encipher_only=False,
    decipher_only=False,
)
LOCALHOST = x509.DNSName("localhost")


def authority(
    file: Path,
    key: CertificateIssuerPrivateKeyTypes,
    *,
    ca: bool = True,
    days: int = 1,
    signer: tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes] | None = None,
) -> tuple[x509.Certificate, CertificateIssuerPrivateKeyTypes]:
    """An authority, its certificate and key written to FILE; signed by itself, or by `signer`, which follows."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, file.stem)])
    above, signing = signer or (None, key)
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(above.subject if above else name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=2))
        .not_valid_after(now + dt.timedelta(days=days))
        .add_extension(x509.BasicConstraints(ca=ca, path_length=None), critical=True)
        .add_extension(USAGE, critical=True)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(signing.public_key()), critical=False)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(signing, None if isinstance(signing, ed25519.Ed25519PrivateKey) else hashes.SHA256())
    )
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pems = [certificate, above] if above else [certificate]
    file.write_bytes(b"".join(each.public_bytes(serialization.Encoding.PEM) for each in pems) + private)
    return certificate, key


def new_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def shown(context: ssl.SSLContext, ca_pem: str | None, name: str) -> dict[str, object]:
    """The certificate that a client takes for `name`'s. ssl.SSLError if it does not trust it."""
    trusting = ssl.create_default_context(cadata=ca_pem)
    to_server, to_client = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = trusting.wrap_bio(to_client, to_server, server_hostname=name)
    server = context.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, server):
            try:
                side.do_handshake()
            except ssl.SSLWantReadError:
                continue
    return dict(client.getpeercert() or {})


def leaf(folder: Path) -> str:
    """A certificate for localhost and its key, written to FOLDER/test.{crt,key}; what to trust for it."""
    made = make_authority().issue(("localhost",))
    key = made.key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "test.key").write_bytes(key)
    (folder / "test.crt").write_text(pem_of(made.certificate))
    assert made.ca_pem is not None
    return made.ca_pem


async def serves(on: Stage, ca_pem: str | None) -> bool:
    reader, writer = await on.connect(ca_pem)
    writer.write(GET_OK)
    answer = await reader.readexactly(len(OK))
    writer.close()
    return answer == OK


@pytest.mark.parametrize(
    "key",
    [new_key(), rsa.generate_private_key(65537, 2048), ed25519.Ed25519PrivateKey.generate()],
    ids=["ec", "rsa", "ed25519"],
)
def test_a_users_authority_of_any_kind_issues_for_the_names_that_were_asked_for(
    tmp_path: Path, key: CertificateIssuerPrivateKeyTypes
) -> None:
    certificate, _ = authority(tmp_path / "ca.pem", key)
    serving = Serving(source_of(ServingFiles(ca=tmp_path / "ca.pem")), ("kubernetes.default.svc",), listener_context)
    assert serving.ca_pem == certificate.public_bytes(serialization.Encoding.PEM).decode()
    assert shown(serving.context(), serving.ca_pem, "kubernetes.default.svc")
    assert shown(serving.context("10.0.0.1"), serving.ca_pem, "10.0.0.1")
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(serving.context(), serving.ca_pem, "10.0.0.1")


def test_an_authority_below_another_is_shown_so_that_who_trusts_the_upper_one_trusts_kproxy(tmp_path: Path) -> None:
    root = authority(tmp_path / "root.pem", new_key())
    authority(tmp_path / "ca.pem", new_key(), signer=root)
    serving = Serving(source_of(ServingFiles(ca=tmp_path / "ca.pem")), ("a.example",), listener_context)
    assert shown(serving.context(), root[0].public_bytes(serialization.Encoding.PEM).decode(), "a.example")


def test_a_users_certificate_is_shown_and_a_rotated_one_to_the_next_client(tmp_path: Path) -> None:
    first = leaf(tmp_path)
    files = ServingFiles(cert=tmp_path / "test.crt", key=tmp_path / "test.key")

    async def play() -> None:
        async with stage(listen="https://127.0.0.1:0", serving=files) as on:
            assert on.proxy.ca_pem is None
            assert await serves(on, first)
            stays, writer = await on.connect(first)
            second = leaf(tmp_path)
            assert await serves(on, second)
            with pytest.raises(ssl.SSLCertVerificationError):
                await serves(on, first)
            writer.write(GET_OK)
            assert await stays.readexactly(len(OK)) == OK
            writer.close()

    asyncio.run(play())


def test_what_clients_are_told_to_trust_may_stand_beside_a_certificate(tmp_path: Path) -> None:
    pem = leaf(tmp_path)
    (tmp_path / "ca.crt").write_text(pem)
    files = ServingFiles(cert=tmp_path / "test.crt", key=tmp_path / "test.key", ca=tmp_path / "ca.crt")

    async def play() -> None:
        async with stage(listen="https://127.0.0.1:0", serving=files) as on:
            assert on.proxy.ca_pem == pem
            assert await serves(on, on.proxy.ca_pem)

    asyncio.run(play())


def test_a_rotated_authority_issues_the_next_certificate(tmp_path: Path) -> None:
    first, _ = authority(tmp_path / "ca.pem", new_key())
    serving = Serving(source_of(ServingFiles(ca=tmp_path / "ca.pem")), ("a.example",), listener_context)
    second, _ = authority(tmp_path / "new.pem", new_key())
    (tmp_path / "new.pem").replace(tmp_path / "ca.pem")
    context = serving.context()
    assert shown(context, second.public_bytes(serialization.Encoding.PEM).decode(), "a.example")
    with pytest.raises(ssl.SSLCertVerificationError):
        shown(context, first.public_bytes(serialization.Encoding.PEM).decode(), "a.example")


def test_files_that_are_half_written_change_nothing_until_they_are_whole(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = leaf(tmp_path)
    files = ServingFiles(cert=tmp_path / "test.crt", key=tmp_path / "test.key")
    serving = Serving(source_of(files), (), listener_context)
    (tmp_path / "other").mkdir()
    second = leaf(tmp_path / "other")
    sentence = f"The --serving-key {tmp_path}/test.key holds a key that does not belong to the certificate."
    with caplog.at_level(logging.WARNING):
        os.replace(tmp_path / "other" / "test.crt", tmp_path / "test.crt")  # noqa: PTH105 - as kubelets do it
        assert shown(serving.context(), first, "localhost")
        assert shown(serving.context(), first, "localhost")
    assert [record.getMessage() for record in caplog.records] == [
        f"kproxy goes on with the certificate that it had: {sentence}"
    ]
    os.replace(tmp_path / "other" / "test.key", tmp_path / "test.key")  # noqa: PTH105 - the same
    assert shown(serving.context(), second, "localhost")
    (tmp_path / "test.key").unlink()
    assert shown(serving.context(), second, "localhost")


def test_contexts_are_made_once_and_their_number_is_bounded() -> None:
    serving = Serving(source_of(OWN), ("localhost",), listener_context)
    assert serving.context() is serving.context()
    assert serving.context("a") is serving.context("a")
    assert serving.context("a") is not serving.context()


def refused(files: ServingFiles) -> str:
    with pytest.raises(ConfigError) as told:
        source_of(files)
    return str(told.value)


def test_what_cannot_be_meant_or_used_is_said_in_one_sentence(tmp_path: Path) -> None:
    self_signed(tmp_path, LOCALHOST)
    self_signed(tmp_path, LOCALHOST, common="other")
    crt, key, other = (tmp_path / name for name in ("test.crt", "test.key", "other.key"))
    authority(tmp_path / "leaf.pem", new_key(), ca=False)
    authority(tmp_path / "old.pem", new_key(), days=-1)
    (tmp_path / "large").write_bytes(b"x" * (2 << 20))
    assert "go together" in refused(ServingFiles(cert=crt))
    assert "go together" in refused(ServingFiles(key=key))
    assert "has its names" in refused(ServingFiles(cert=crt, key=key, names=("a",)))
    assert "is no name" in refused(ServingFiles(names=("a b",)))
    assert "cannot be read: No such file" in refused(ServingFiles(cert=tmp_path / "none", key=key))
    assert "does not belong" in refused(ServingFiles(cert=crt, key=other))
    assert "holds no certificate" in refused(ServingFiles(cert=key, key=key))
    assert "holds no private key" in refused(ServingFiles(cert=crt, key=crt))
    assert "holds no private key" in refused(ServingFiles(ca=crt))
    assert "no authority's" in refused(ServingFiles(ca=tmp_path / "leaf.pem"))
    assert "has expired" in refused(ServingFiles(ca=tmp_path / "old.pem"))
    assert "larger than" in refused(ServingFiles(ca=tmp_path / "large"))


def test_a_plain_listener_shows_no_certificate(tmp_path: Path) -> None:
    self_signed(tmp_path, LOCALHOST)

    async def play() -> None:
        files = ServingFiles(cert=tmp_path / "test.crt", key=tmp_path / "test.key")
        with pytest.raises(ConfigError, match="TLS listener only"):
            async with stage(serving=files):
                pass

    asyncio.run(play())


def test_every_source_says_what_to_trust(tmp_path: Path) -> None:
    authority(tmp_path / "ca.pem", new_key())
    sources: list[Source] = [source_of(OWN), source_of(ServingFiles(ca=tmp_path / "ca.pem"))]
    assert all("BEGIN CERTIFICATE" in (source.ca_pem or "") for source in sources)
