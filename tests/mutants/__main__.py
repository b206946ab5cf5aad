"""`python -m tests.mutants`: are servers that behave in another way told, and each at its first cause?

Two kinds: made by hand (tests/mutants/catalogue) and drawn with a seed over the goldens (tests/mutants/drawn.py).
Exit code 1 when one survives that must not. Those on the real server need KUBEBUILDER_ASSETS.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from tests.mutants.catalogue import MUTANTS
from tests.mutants.mutant import Mutant
from tests.mutants.report import PAGE, publish_kept
from tests.mutants.run import Run

SEED = 20261126
DRAWN = 2000


def main() -> int:
    """Both kinds, or the one that is asked for."""
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--kind", choices=("hand", "drawn"), help="only those")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="only these made by hand")
    parser.add_argument("--server", choices=("emulated", "kube-apiserver"), help="only on this server")
    parser.add_argument("--drawn", type=int, default=DRAWN, metavar="COUNT", help=f"how many are drawn ({DRAWN})")
    parser.add_argument("--seed", type=int, default=SEED, help=f"what they are drawn with ({SEED})")
    parser.add_argument("--share", type=int, default=1, metavar="N", help="of those by hand each N-th only")
    parser.add_argument(
        "--publish", action="store_true", help=f"write the section of {PAGE.name}, of the last run of each kind"
    )
    words = parser.parse_args()
    found = os.environ.get("KUBEBUILDER_ASSETS", "")
    servers = _servers(words.server, has_assets=bool(found))
    good = True
    with tempfile.TemporaryDirectory(prefix="kproxy-mutants-") as kept:
        run = Run(Path(kept), Path(found) if found else None, servers)
        if words.kind != "drawn":
            good &= run.hand(_wanted(words.only, servers)[:: words.share])
        if words.kind != "hand" and not words.only:
            good &= run.drawn(words.drawn, words.seed)
    if words.publish:
        publish_kept(words.seed)
    return 0 if good else 1


def _servers(wanted: str | None, *, has_assets: bool) -> tuple[str, ...]:
    if wanted is not None:
        return (wanted,)
    return ("emulated", "kube-apiserver") if has_assets else ("emulated",)


def _wanted(only: list[str], servers: tuple[str, ...]) -> list[Mutant]:
    if unknown := set(only) - MUTANTS.keys():
        sys.exit(f"error: there is no mutant {', '.join(sorted(unknown))}")
    return [each for each in MUTANTS.values() if each.server in servers and (not only or each.name in only)]


if __name__ == "__main__":
    sys.exit(main())
