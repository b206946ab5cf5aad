"""The one error of this folder's decoders."""


class ContentError(Exception):
    """Bytes that are not what their media type says, or that kproxy cannot read; one sentence without their content.

    Not a KproxyError: a user never sees it as the end of a command, the callers turn it into a body's `reason`.
    """
