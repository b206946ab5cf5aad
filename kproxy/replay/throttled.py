"""A target's own throttling: a 429 that the recording does not have is waited out, and the request is sent again.

The api-server refuses so before it does anything (priority and fairness, a storage that is not ready yet), and says how
long to wait (k8s.io/client-go/rest/with_retry.go does the same). A recorded 429 is an outcome like any other.
"""

from kproxy.model.exchange import Exchange, Headers, header

TOO_MANY = 429
MOST_TIMES = 10
"""So often a request is sent again, as client-go does."""

LONGEST_SECONDS = 30.0
"""A longer Retry-After is not waited for as long."""


def wait_before_again(exchange: Exchange, status: int, headers: Headers, times: int) -> float | None:
    """Seconds before the request is sent again; None: this answer is the one that counts.

    `times`: how often it was sent again already.
    """
    if status != TOO_MANY or times >= MOST_TIMES:
        return None
    if exchange.answer is None or exchange.answer.status == TOO_MANY:
        return None
    asked = header(headers, "retry-after").strip()
    if not (asked.isascii() and asked.isdigit()):
        return None
    return min(float(asked[:9]), LONGEST_SECONDS)
