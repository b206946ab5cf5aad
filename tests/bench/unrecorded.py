"""kproxy's proxy without a recorder: it frames and judges all that passes, and hands nothing over.

    python -m tests.bench.unrecorded (--upstream URL | --kubeconfig FILE) --listen URL

Ready, it prints {"url", "ca" (PEM or null), "token"}. No user has this; it tells what recording costs.
"""

import argparse
import asyncio
import json
import signal
import sys
from pathlib import Path

from kproxy.config.kubeconfig import load_kubeconfig
from kproxy.config.upstream import upstream_from_url
from kproxy.model.exchange import IdentityMode
from kproxy.proxy.handover.held import Held
from kproxy.proxy.handover.outbox import Outbox
from kproxy.proxy.launch import serve
from kproxy.proxy.settings import ProxySettings


class DroppingOutbox(Outbox):
    """Wants nothing recorded."""

    def begin(self, payload: bytes, at: int) -> Held:  # noqa: ARG002 - Backlog's signature
        """Every exchange is left out."""
        return self.leave_out()


async def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--upstream")
    arguments.add_argument("--kubeconfig", type=Path)
    arguments.add_argument("--listen", required=True)
    options = arguments.parse_args()
    if options.upstream:
        upstream, mode = upstream_from_url(options.upstream), IdentityMode.PASS
    else:
        upstream, mode = load_kubeconfig(options.kubeconfig).upstream(None), IdentityMode.ONE
    settings = ProxySettings(upstream=upstream, listen=options.listen, identity=mode)
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    async with serve(settings, DroppingOutbox()) as running:
        told = {"url": running.url, "ca": running.ca_pem, "token": running.token or ""}
        sys.stdout.write(json.dumps(told) + "\n")
        sys.stdout.flush()
        await ended.wait()


if __name__ == "__main__":
    asyncio.run(main())
