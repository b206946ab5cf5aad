"""Fresh servers: an etcd with an api-server in front of it, started for one purpose and gone afterwards.

The servers run under a keeper process (keeper.py), which ends them however their user ends. kproxy/lab/emulated is the
api-server that needs no Kubernetes binary.
"""

from kproxy.lab.info import LabInfo, read_lab
from kproxy.lab.settings import LabSettings, ServerKind
from kproxy.lab.start import Lab, start_lab

__all__ = ["Lab", "LabInfo", "LabSettings", "ServerKind", "read_lab", "start_lab"]
