"""A recording of mitmproxy's flows: the recorder behind kproxy's addon in stock mitmdump and mitmweb."""

import os
from datetime import UTC, datetime
from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import upstream_from_url
from kproxy.errors import UsageError
from kproxy.etcd.settings import EtcdSettings
from kproxy.model.session import Server
from kproxy.proxy.flows.lane import LaneSettings
from kproxy.proxy.handover.outbox import Outbox
from kproxy.record.pseudonyms import key_path
from kproxy.record.settings import RecorderSettings
from kproxy.session.etcds import ONE_STORE, begin_etcds
from kproxy.session.header import begin_session
from kproxy.session.recorder import RecorderProcess, Tell
from kproxy.session.recording import state_home
from kproxy.session.relays import check_relays
from kproxy.session.server_facts import server_facts


async def record_flows(settings: LaneSettings, outbox: Outbox, tell: Tell) -> RecorderProcess:
    """Begin: the outbox has a recorder from now on. KproxyError if there cannot be one."""
    output = settings.output or Path(f"kproxy-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.kproxy")
    if output.exists() and not settings.force:
        raise UsageError(f"{output} exists already: choose another kproxy_output, or replace it with kproxy_force")
    if not output.parent.is_dir():
        raise UsageError(f"the recording cannot be written: there is no folder {output.parent}; make it first")
    await check_relays(settings.relays)
    etcd = _etcd(settings)
    server = await _facts(settings.server) if settings.server else Server()
    server, etcds = await begin_etcds(etcd, ONE_STORE, server)
    traced = "relay" if settings.relays else ""
    session, epoch = begin_session(server, etcds, when_stuck=settings.when_stuck, lane="addon", traced=traced)
    recorder = RecorderProcess(
        RecorderSettings(
            recording=output.absolute(),
            session=session,
            epoch=epoch,
            handoffs=(),
            key=key_path(state_home(os.environ), session.id),
            force=settings.force,
            etcds=etcds,
            relays=settings.relays,
            trace=settings.seeds if settings.relays else None,
        ),
        [outbox],
        tell,
    )
    try:
        await recorder.start()
    except BaseException:
        await recorder.kill()
        raise
    tell(f"recording into {output}")
    return recorder


def _etcd(settings: LaneSettings) -> EtcdSettings | None:
    if not settings.etcd:
        return None
    return EtcdSettings(
        endpoints=settings.etcd, cacert=settings.etcd_cacert, cert=settings.etcd_cert, key=settings.etcd_key
    )


async def _facts(server: str) -> Server:
    upstream = upstream_from_url(server)
    return await server_facts(upstream, Credentials(upstream), None)
