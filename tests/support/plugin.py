"""A credential plugin of a test: a script that gives what a file says, and counts how often it was asked."""

import json
import sys
from dataclasses import dataclass
from pathlib import Path

V1 = "client.authentication.k8s.io/v1"

SCRIPT = """#!{python}
import os, pathlib, sys
folder = pathlib.Path({folder!r})
with (folder / "asked").open("a") as log:
    log.write(os.environ["KUBERNETES_EXEC_INFO"] + "\\n")
(folder / "seen").write_text(os.environ.get("EXTRA", "") + " ".join(sys.argv[1:]))
sys.stdout.write((folder / "answer").read_text())
sys.exit(int((folder / "code").read_text()))
"""


@dataclass
class Plugin:
    """`folder` holds all of it; `command` is the script."""

    folder: Path

    @property
    def command(self) -> Path:
        return self.folder / "plugin"

    @property
    def asked(self) -> list[dict[str, object]]:
        """What it was told each time."""
        log = self.folder / "asked"
        return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []

    def gives(self, *, version: str = V1, code: int = 0, **status: object) -> None:
        """From now on."""
        document = {"kind": "ExecCredential", "apiVersion": version, "status": status}
        self.says(json.dumps(document), code)

    def says(self, text: str, code: int = 0) -> None:
        (self.folder / "code").write_text(str(code))
        (self.folder / "answer").write_text(text)


def make_plugin(folder: Path) -> Plugin:
    """One in a folder of its own."""
    folder.mkdir(exist_ok=True)
    plugin = Plugin(folder)
    plugin.command.write_text(SCRIPT.format(python=sys.executable, folder=str(folder)))
    plugin.command.chmod(0o700)
    return plugin
