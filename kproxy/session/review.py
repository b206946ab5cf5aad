"""Asking the api-server whose a bearer token is, with kproxy's own credentials."""

import json

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.errors import ProxyError
from kproxy.proxy.identity.caller import Caller, caller_of_review
from kproxy.proxy.identity.reviewed import Review
from kproxy.proxy.sockets.reach import ASK_SECONDS, ask, dialer_for, request_for
from kproxy.proxy.sockets.tls import UpstreamTls

LINE = "POST /apis/authentication.k8s.io/v1/tokenreviews"
_CANNOT = "kproxy cannot ask the api-server whose the client's token is"


def reviewer(upstream: Upstream, credentials: Credentials) -> Review:
    """A Review by TokenReview. ConfigError if the certificates of `upstream` cannot be used."""
    dialer = dialer_for(upstream, UpstreamTls(upstream, credentials).current, ASK_SECONDS)

    async def review(token: str) -> Caller | None:
        if credentials.due:
            await credentials.renew()
        question = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
        request = request_for(upstream, credentials.authorization(), LINE, json.dumps(question).encode())
        try:
            status, content = await ask(dialer, request)
        except ProxyError as error:
            raise ProxyError(f"{_CANNOT}: {error}.") from error
        if status == 401:
            credentials.refused()
        if status not in {200, 201}:
            raise ProxyError(
                f'{_CANNOT}: it answers {status}; user "{upstream.user or "kubeconfig"}" needs the right to create '
                "tokenreviews."
            )
        return _caller(content)

    return review


def _caller(content: bytes) -> Caller | None:
    try:
        return caller_of_review(json.loads(content))
    except ValueError as error:
        raise ProxyError(f"{_CANNOT}: its answer is no JSON.") from error
