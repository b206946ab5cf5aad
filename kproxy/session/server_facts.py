"""Who the api-server behind kproxy is: asked once, before the session begins, so that a replay can tell it apart.

A lab tells it by its file, so that no request of ours stands in the audit log beside the client's.
"""

import asyncio
import ssl
import tempfile
from pathlib import Path

import aiohttp

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Tls, Upstream
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.info import LabInfo
from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, text
from kproxy.model.session import Server

TIMEOUT_SECONDS = 5.0
MAX_ANSWER = 1024 * 1024


async def server_facts(upstream: Upstream, credentials: Credentials, lab: LabInfo | None) -> Server:
    """What the server says of itself. What it does not say, or not to us, stays empty: recording goes on without."""
    if lab is not None and lab.url.rstrip("/") == upstream.url.rstrip("/"):
        return Server(url=lab.url, kind=lab.kind, version=lab.server_version, etcd_version=lab.etcd_version)
    token = credentials.authorization()
    upstream = upstream.showing(credentials.certificate())
    headers = {"User-Agent": "kproxy", "Accept": "application/json", **({"Authorization": token} if token else {})}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    connector = aiohttp.TCPConnector(ssl=ssl_context(upstream.tls) if upstream.tls else True)
    async with aiohttp.ClientSession(headers=headers, timeout=timeout, connector=connector) as client:
        version, namespace = await asyncio.gather(
            _ask(client, upstream, "/version"), _ask(client, upstream, "/api/v1/namespaces/kube-system")
        )
    return Server(
        url=upstream.url,
        version=text(version.get("gitVersion")) if isinstance(version, dict) else "",
        system_uid=text(metadata_of(namespace).get("uid")) if isinstance(namespace, dict) else "",
    )


async def _ask(client: aiohttp.ClientSession, upstream: Upstream, path: str) -> JSON:
    server_name = upstream.tls.server_name if upstream.tls and upstream.tls.server_name else None
    try:
        async with client.get(f"{upstream.url.rstrip('/')}{path}", server_hostname=server_name) as answer:
            if answer.status != 200 or (answer.content_length or 0) > MAX_ANSWER:
                return None
            document: JSON = await answer.json(content_type=None)
            return document
    except (aiohttp.ClientError, TimeoutError, ssl.SSLError, ValueError, OSError):
        return None  # the client that is being recorded will see the same failure, and the recording holds that


def ssl_context(tls: Tls) -> ssl.SSLContext:
    """Trust and credentials as the kubeconfig says."""
    context = ssl.create_default_context(cadata=tls.ca_pem) if tls.ca_pem else ssl.create_default_context()
    if tls.insecure:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    if tls.client_cert_pem and tls.client_key_pem:
        with tempfile.TemporaryDirectory() as folder:  # ssl reads a chain from files only; the folder is ours alone
            cert, key = Path(folder, "cert.pem"), Path(folder, "key.pem")
            cert.write_text(tls.client_cert_pem)
            key.write_text(tls.client_key_pem)
            context.load_cert_chain(cert, key)
    return context


def lab_etcd(lab: LabInfo) -> EtcdSettings:
    """A lab's own etcd."""
    return EtcdSettings(
        endpoints=lab.etcd_endpoints,
        cacert=Path(lab.etcd_cacert) if lab.etcd_cacert else None,
        cert=Path(lab.etcd_cert) if lab.etcd_cert else None,
        key=Path(lab.etcd_key) if lab.etcd_key else None,
    )
