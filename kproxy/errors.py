"""One tree of errors. A user sees each as one sentence: what failed, on what, what to do next.

KproxyError              exit code 2, and so is anything unforeseen: 1 only ever means «different»
  UsageError             what was asked for cannot be meant (options that exclude each other, an existing FILE)
  ConfigError            a kubeconfig or a setting cannot be used
  RecordingError         a recording cannot be read or written
    SchemaError          it is of a schema that this kproxy does not know
  EtcdError              etcd cannot be reached, or answers what it should not
  LabError               a fresh server cannot be started
  ProxyError             the proxy cannot listen or go on
  ReplayError            a replay cannot begin or go on
    NotFreshError        the target holds objects beyond the system's own
    SameServerError      the target is the recorded server itself
"""


class KproxyError(Exception):
    """What kproxy says to a user: one sentence, no traceback."""

    exit_code = 2


class UsageError(KproxyError):
    """What was asked for cannot be meant."""


class ConfigError(KproxyError):
    """A kubeconfig or a setting cannot be used."""


class RecordingError(KproxyError):
    """A recording cannot be read or written."""


class SchemaError(RecordingError):
    """A recording of a schema that this kproxy does not know; the sentence names both numbers."""


class EtcdError(KproxyError):
    """etcd cannot be reached, or answers what it should not."""


class OtlpError(KproxyError):
    """Spans cannot be taken or given away, or are none."""


class LabError(KproxyError):
    """A fresh server cannot be started."""


class ProxyError(KproxyError):
    """The proxy cannot listen or go on."""


class ReplayError(KproxyError):
    """A replay cannot begin or go on."""


class NotFreshError(ReplayError):
    """The target holds objects beyond the system's own."""


class SameServerError(ReplayError):
    """The target is the server that was recorded."""
