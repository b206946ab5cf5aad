"""The plain listener's rules, as those of `kubectl proxy` (k8s.io/kubectl/pkg/proxy/proxy_server.go).

Whoever reaches it uses the kubeconfig's credentials without showing any of his own. So it listens on loopback only,
refuses what a web page could make a browser send (a foreign Host: DNS rebinding; a foreign Origin), and does not serve
exec, attach and port-forward unless asked to.
"""

import re
from urllib.parse import unquote_to_bytes

from kproxy.wire.http1 import RequestHead

_HOSTS = frozenset({b"localhost", b"127.0.0.1", b"[::1]"})
_HOST = re.compile(rb"(\[[0-9a-fA-F:.]+\]|[^:\[\]]+)(?::([0-9]{1,5}))?")
# Also through a node's kubelet, which `kubectl proxy` forgets.
_EXEC = re.compile(
    rb"/+api/.*/pods/+[^/]+/+(?:exec|attach|portforward)(?:/|$)"
    rb"|/+api/.*/nodes/+[^/]+/+proxy/+(?:exec|attach|portforward|run|cri)(?:/|$)",
    re.IGNORECASE | re.DOTALL,
)


def check_plain(head: RequestHead, local: tuple[str, int], *, allow_exec: bool) -> str:
    """Why a request is not served, as one sentence; "" if it is."""
    hosts = head.values(b"host")
    if not hosts or not _is_local(hosts[0]):
        return "kproxy's plain listener serves requests to localhost only, and their Host says otherwise."
    for origin in head.values(b"origin"):
        scheme, _, host = origin.partition(b"://")
        if scheme != b"http" or not _is_local(host, port=local[1]):
            return "kproxy's plain listener does not serve web pages of another origin."
    if not allow_exec and _is_exec(head.target):
        return (
            "exec, attach and port-forward are off on kproxy's plain listener: use --allow-exec, or its TLS listener."
        )
    return ""


def _is_exec(target: bytes) -> bool:
    """Whether a target means to run or reach something in a pod, however its path is written."""
    return _EXEC.match(unquote_to_bytes(target.partition(b"?")[0])) is not None


def _is_local(host: bytes, port: int | None = None) -> bool:
    match = _HOST.fullmatch(host)
    if match is None or match[1].lower() not in _HOSTS:
        return False
    return port is None or int(match[2] or 80) == port
