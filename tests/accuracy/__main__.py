"""Score a recording with the api-server's calls to etcd: what would be known without them, and how right it is.

    python -m tests.accuracy FILE [--publish] [--check]

`--publish` writes the table into docs/correlation.md; `--check` ends with 1 unless what that page promises holds.
"""

import argparse
import sys
from pathlib import Path

from kproxy.store.reader import open_recording
from tests.accuracy.scoring import score
from tests.accuracy.table import as_lines, failures, publish


def main() -> int:
    """Score, show, and do what is asked with it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path)
    parser.add_argument("--publish", action="store_true")
    parser.add_argument("--check", action="store_true")
    options = parser.parse_args()
    with open_recording(str(options.file)) as recording:
        scores = score(recording)
    lines = as_lines(scores)
    sys.stdout.write("\n".join(lines) + "\n")
    for row, found in scores.rows.items():
        for mistake in found.mistakes:
            sys.stdout.write(f"{row.verb} {row.resource}: {mistake}\n")
    if options.publish:
        publish(lines)
    missed = failures(scores)
    for line in missed:
        sys.stdout.write(f"not met: {line}\n")
    return int(options.check and bool(missed))


if __name__ == "__main__":
    sys.exit(main())
