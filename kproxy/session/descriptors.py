"""How many descriptors this process may have: a watch needs two, and shells give 1,024."""

import resource

ENOUGH = 65536
"""30,000 clients; more is left alone, because some programs close every descriptor that they might have."""


def raise_descriptor_limit() -> None:
    """Up to ENOUGH, as far as the system lets us: what Go's runtime does for its programs, and COMMAND inherits."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = ENOUGH if hard == resource.RLIM_INFINITY else min(hard, ENOUGH)
    if soft != resource.RLIM_INFINITY and soft < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
