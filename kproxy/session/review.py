"""Asking the api-server whose a bearer token is, with kproxy's own credentials."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from kproxy.config.upstream import BearerToken, Upstream
from kproxy.errors import ProxyError
from kproxy.proxy.caller import Caller, caller_of_review
from kproxy.proxy.reviewed import Review
from kproxy.session.server_facts import ssl_context

PATH = "/apis/authentication.k8s.io/v1/tokenreviews"
TIMEOUT_SECONDS = 10.0
MAX_ANSWER = 1024 * 1024


@asynccontextmanager
async def reviewer(upstream: Upstream) -> AsyncIterator[Review]:
    """A Review, for as long as the block lasts."""
    bearer = BearerToken(upstream)
    connector = aiohttp.TCPConnector(ssl=ssl_context(upstream.tls) if upstream.tls else True)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    async with aiohttp.ClientSession(timeout=timeout, connector=connector) as client:

        async def review(token: str) -> Caller | None:
            return await _review(client, upstream, bearer.authorization(), token)

        yield review


async def _review(
    client: aiohttp.ClientSession, upstream: Upstream, authorization: str | None, token: str
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
