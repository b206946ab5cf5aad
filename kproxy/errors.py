"""One tree of errors. A user sees each as one sentence: what failed, on what, what to do next (docs/errors.md has all).

KproxyError              exit code 2, and so is anything unforeseen: 1 only ever means «different»
  UsageError             what was asked for cannot be meant (options that exclude each other, an existing FILE)
    RuleError            a rule of noise cannot be meant
  ConfigError            a kubeconfig or a setting cannot be used
    PluginError          its credential plugin gives no credentials
  RecordingError         a recording cannot be read or written
    SchemaError          it is of a schema that this kproxy does not know
  EtcdError              etcd cannot be reached, or answers what it should not
  ScratchError           a temporary file cannot be written
  OtlpError              spans cannot be taken or given away, or are none
  LabError               a fresh server cannot be started
  ProxyError             the proxy cannot listen or go on
  ReplayError            a replay cannot begin or go on
    NotFreshError        the target holds objects beyond the system's own
    SameServerError      the target is the recorded server itself

Where a sentence does not say by itself what to do next, its class does (`next_step`).
"""

import re
from typing import ClassVar

_TOLD = re.compile(r"; |--|`|: (?:choose|end|give|name|put|run|use) ")


def says_what_to_do(sentence: str) -> bool:
    """Whether a sentence names an option or a command, goes on behind a semicolon, or tells to do something."""
    return _TOLD.search(sentence) is not None


class KproxyError(Exception):
    """What kproxy says to a user: one sentence, no traceback."""

    exit_code = 2
    next_step: ClassVar[str] = "`kproxy --debug …` shows where"

    @property
    def sentence(self) -> str:
        """What failed, on what, and what to do next."""
        said = str(self)
        return said if says_what_to_do(said) else f"{said.rstrip('.')}; {self.next_step}"


class UsageError(KproxyError):
    """What was asked for cannot be meant."""

    next_step = "`--help` tells what there is"


class RuleError(UsageError):
    """A rule of noise, or a file of them, that cannot be meant."""

    next_step = "docs/noise.md has the form"


class ConfigError(KproxyError):
    """A kubeconfig or a setting cannot be used."""

    next_step = "mend it there, or name another one: --kubeconfig, --context, or the option that it came by"


class PluginError(ConfigError):
    """A credential plugin of a kubeconfig gives no credentials."""

    next_step = "run it by hand, or `kubectl get --raw /version` with that kubeconfig: what it says then is the cause"


class RecordingError(KproxyError):
    """A recording cannot be read or written."""

    next_step = "take another copy of it, or its text form (`kproxy import`)"


class SchemaError(RecordingError):
    """A recording of a schema that this kproxy does not know; the sentence names both numbers."""

    next_step = "read it with another kproxy: `kproxy --version` says which this one is"


class EtcdError(KproxyError):
    """etcd cannot be reached, or answers what it should not."""

    next_step = "`etcdctl endpoint status` with the same addresses and certificates tells whether etcd serves"


class ScratchError(KproxyError):
    """A temporary file cannot be written."""

    next_step = "make room in the temporary folder, or name another one by TMPDIR"


class OtlpError(KproxyError):
    """Spans cannot be taken or given away, or are none."""

    next_step = "docs/otlp.md has a configuration of both sides"


class LabError(KproxyError):
    """A fresh server cannot be started."""

    next_step = "start a new lab; `kproxy lab run --keep FOLDER` keeps the logs of its servers"


class ProxyError(KproxyError):
    """The proxy cannot listen or go on."""

    next_step = "look at the api-server and at the way to it; docs/proxy.md tells what kproxy asks of it"


class ReplayError(KproxyError):
    """A replay cannot begin or go on."""

    next_step = "look at the target and what it logs; `kproxy replay … -o FILE` keeps what came until then"


class NotFreshError(ReplayError):
    """The target holds objects beyond the system's own."""


class SameServerError(ReplayError):
    """The target is the server that was recorded."""
