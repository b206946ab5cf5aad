"""Who the api-server behind kproxy is: asked once, before the session begins, so that a replay can tell it apart.

A lab tells it by its file, so that no request of ours stands in the audit log beside the client's.
"""

import asyncio
import json
from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.errors import ConfigError, ProxyError
from kproxy.etcd.settings import EtcdSettings
from kproxy.lab.info import LabInfo
from kproxy.model.api import metadata_of
from kproxy.model.jsontypes import JSON, text
from kproxy.model.session import Server
from kproxy.proxy.sockets.dial import Dialer
from kproxy.proxy.sockets.reach import ask, dialer_for, request_for
from kproxy.proxy.sockets.tls import UpstreamTls

PATHS = ("/version", "/api/v1/namespaces/kube-system")
_TIMEOUT_SECONDS = 5.0


async def server_facts(upstream: Upstream, credentials: Credentials, lab: LabInfo | None) -> Server:
    """What the server says of itself. What it does not say, or not to us, stays empty: recording goes on without."""
    if lab is not None and lab.url.rstrip("/") == upstream.url.rstrip("/"):
        return Server(url=lab.url, kind=lab.kind, version=lab.server_version, etcd_version=lab.etcd_version)
    try:
        dialer = dialer_for(upstream, UpstreamTls(upstream, credentials).current, _TIMEOUT_SECONDS)
    except ConfigError:  # said by the proxy, when it starts
        return Server(url=upstream.url)
    version, namespace = await asyncio.gather(
        *(_ask(dialer, request_for(upstream, credentials.authorization(), f"GET {path}")) for path in PATHS)
    )
    return Server(
        url=upstream.url,
        version=text(version.get("gitVersion")) if isinstance(version, dict) else "",
        system_uid=text(metadata_of(namespace).get("uid")) if isinstance(namespace, dict) else "",
    )


async def _ask(dialer: Dialer, request: bytes) -> JSON:
    try:
        status, content = await ask(dialer, request)
        document: JSON = json.loads(content) if status == 200 else None
    except (ProxyError, ValueError):
        return None  # the client that is being recorded will see the same failure, and the recording holds that
    return document


def lab_etcd(lab: LabInfo) -> EtcdSettings:
    """A lab's own etcd."""
    return EtcdSettings(
        endpoints=lab.etcd_endpoints,
        cacert=Path(lab.etcd_cacert) if lab.etcd_cacert else None,
        cert=Path(lab.etcd_cert) if lab.etcd_cert else None,
        key=Path(lab.etcd_key) if lab.etcd_key else None,
    )
