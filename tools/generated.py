"""What is made from the code is written, or compared with what is committed."""

import sys
from pathlib import Path


def write_or_compare(file: Path, made: str, otherwise: str) -> None:
    """With --check the file must hold what was made, or the program ends with this sentence."""
    if "--check" not in sys.argv[1:]:
        file.write_text(made, encoding="utf-8")
    elif file.read_text(encoding="utf-8") != made:
        sys.exit(otherwise)
