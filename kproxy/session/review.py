"""Asking the api-server whose a bearer token is, with kproxy's own credentials."""

import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import Upstream
from kproxy.errors import ProxyError
from kproxy.proxy.caller import Caller, caller_of_review
from kproxy.proxy.reviewed import Review
from kproxy.session.server_facts import ssl_context

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
TIMEOUT_SECONDS = 10.0
MAX_ANSWER = 1024 * 1024


@asynccontextmanager
async def reviewer(upstream: Upstream, credentials: Credentials) -> AsyncIterator[Review]:
    """A Review, for as long as the block lasts."""
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    trust = _Trust(upstream, credentials)
    async with aiohttp.ClientSession(timeout=timeout) as client:

        async def review(token: str) -> Caller | None:
            if credentials.due:
                await credentials.renew()
            return await _review(client, upstream, credentials.authorization(), trust.current(), token)

        yield review


class _Trust:
    """How TLS is spoken, with the client certificate of now."""

    def __init__(self, upstream: Upstream, credentials: Credentials) -> None:
        self._upstream = upstream
        self._credentials = credentials
        self._shown: tuple[str, str] | None = None
        self._context: ssl.SSLContext | bool = True

    def current(self) -> ssl.SSLContext | bool:
        """What aiohttp takes as `ssl`."""
        shown = self._credentials.certificate()
        if self._upstream.tls is not None and (self._context is True or shown != self._shown):
            upstream = self._upstream.showing(shown)
            self._context = ssl_context(upstream.tls) if upstream.tls else True
            self._shown = shown
        return self._context


async def _review(
    client: aiohttp.ClientSession,
    upstream: Upstream,
    authorization: str | None,
    trust: ssl.SSLContext | bool,  # noqa: FBT001 - as aiohttp has it
    token: str,
) -> Caller | None:
    """Whose it is. ProxyError if the api-server does not say."""
    headers = {"User-Agent": "kproxy", "Accept": "application/json", "Content-Type": "application/json"}
    headers |= {"Authorization": authorization} if authorization else {}
    headers |= dict(upstream.impersonate)
    question = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenReview", "spec": {"token": token}}
    try:
        async with client.post(
            f"{upstream.url.rstrip('/')}{PATH}",
            data=json.dumps(question),
            headers=headers,
            server_hostname=(upstream.tls.server_name if upstream.tls else "") or None,
            allow_redirects=False,
            ssl=trust,
        ) as answer:
            status, body = answer.status, await _bounded(answer)
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        reason = str(error) or type(error).__name__
        raise ProxyError(f"kproxy cannot ask the api-server whose the client's token is: {reason}.") from error
    if status not in {200, 201}:
        raise ProxyError(
            f"kproxy cannot ask the api-server whose the client's token is: it answers {status} to kproxy's "
            f'TokenReview; user "{upstream.user or "kubeconfig"}" needs the right to create tokenreviews.'
        )
    try:
        return caller_of_review(json.loads(body))
    except ValueError as error:
        raise ProxyError("kproxy asked the api-server whose the client's token is, and its answer is none.") from error


async def _bounded(answer: aiohttp.ClientResponse) -> bytes:
    body = b""
    async for piece in answer.content.iter_chunked(65536):
        body += piece
        if len(body) > MAX_ANSWER:
            return b""
    return body
