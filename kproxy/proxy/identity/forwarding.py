"""How a caller is named to the api-server: the fields of its front proxy, and those of impersonation.

k8s.io/apiserver: authentication/request/headerrequest; k8s.io/client-go: transport/round_trippers.go.
"""

from kproxy.config.impersonation import escaped
from kproxy.proxy.identity.caller import AUTHENTICATED, Caller


def remote_fields(caller: Caller) -> bytes:
    """X-Remote-User, -Uid, -Group and -Extra-…: believed only of the front proxy's client certificate."""
    return _fields(b"X-Remote-", caller, caller.groups)


def impersonation_fields(caller: Caller) -> bytes:
    """Impersonate-User, -Uid, -Group and -Extra-…. The api-server adds the group of everyone by itself."""
    return _fields(b"Impersonate-", caller, tuple(group for group in caller.groups if group != AUTHENTICATED))


def _fields(prefix: bytes, caller: Caller, groups: tuple[str, ...]) -> bytes:
    lines = [b"%sUser: %s" % (prefix, caller.name.encode())]
    if caller.uid:
        lines.append(b"%sUid: %s" % (prefix, caller.uid.encode()))
    lines += [b"%sGroup: %s" % (prefix, group.encode()) for group in groups]
    lines += [
        b"%sExtra-%s: %s" % (prefix, escaped(key), value.encode()) for key, values in caller.extra for value in values
    ]
    return b"".join(line + b"\r\n" for line in lines)
