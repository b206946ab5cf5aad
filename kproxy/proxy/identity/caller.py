"""Who a client is, as the api-server would have it: from its certificate, or from a TokenReview's answer."""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

from cryptography import x509
from cryptography.x509.oid import NameOID

from kproxy.model.jsontypes import JSON, JSONObject

MAX_GROUPS = 1024
MAX_NAME = 4096
CREDENTIAL_ID = "authentication.kubernetes.io/credential-id"
AUTHENTICATED = "system:authenticated"


class NoCallerError(Exception):
    """Somebody whose name kproxy cannot say to an api-server; one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """A user of the API (k8s.io/apiserver, authentication/user). `extra`: its keys with their values."""

    name: str
    uid: str = ""
    groups: tuple[str, ...] = ()
    extra: tuple[tuple[str, tuple[str, ...]], ...] = ()

    @property
    def shown(self) -> str:
        """For the recording: `ada [dev, ops]`, without the group that everyone is in."""
        groups = ", ".join(group for group in self.groups if group != AUTHENTICATED)
        return f"{self.name} [{groups}]" if groups else self.name


@dataclass(frozen=True, slots=True)
class Peer:
    """A client that has shown a certificate of the client CA.

    `problem`: why there is no caller. `expires`: seconds since 1970. `salt`: 16 bytes, another for each certificate.
    """

    caller: Caller | None
    problem: str
    expires: float
    salt: bytes


def peer_of(der: bytes) -> Peer:
    """The certificate's subject, as the api-server reads it (apiserver, authentication/request/x509): CN and O."""
    digest = sha256(der)
    salt = digest.digest()[:16]
    try:
        certificate = x509.load_der_x509_certificate(der)
        expires = certificate.not_valid_after_utc.timestamp()
        subject = certificate.subject
    except ValueError as error:
        return Peer(None, f"The client's certificate cannot be read: {error}.", float("inf"), salt)
    names = [_text(each.value) for each in subject.get_attributes_for_oid(NameOID.COMMON_NAME)]
    groups = [_text(each.value) for each in subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)]
    try:
        caller = checked(
            Caller(
                name=names[-1] if names else "",  # Go keeps the last one
                groups=tuple(groups),
                extra=((CREDENTIAL_ID, (f"X509SHA256={digest.hexdigest()}",)),),
            )
        )
    except NoCallerError as error:
        return Peer(None, str(error), expires, salt)
    return Peer(caller, "", expires, salt)


def caller_of_review(answer: JSON) -> Caller | None:
    """Whom a TokenReview's answer names; None: the token is nobody's. NoCallerError if it cannot be said."""
    status = answer.get("status") if isinstance(answer, dict) else None
    if not isinstance(status, dict):
        raise NoCallerError("The api-server's answer to a TokenReview is none.")
    user = status.get("user")
    if status.get("authenticated") is not True or not isinstance(user, dict):
        return None
    return checked(
        Caller(
            name=_text(user.get("username")),
            uid=_text(user.get("uid")),
            groups=_texts(user.get("groups")),
            extra=_extra(user.get("extra")),
        )
    )


def checked(caller: Caller) -> Caller:
    """The caller without empty groups. NoCallerError where a name would be another one at the end of a header field.

    Go's servers trim what they read, so that a certificate for " admin" would become admin's.
    """
    groups = tuple(group for group in caller.groups if group)
    said = (caller.name, caller.uid, *groups, *(value for _, values in caller.extra for value in values))
    if not caller.name:
        raise NoCallerError("The client's credentials name nobody.")
    if len(groups) > MAX_GROUPS:
        raise NoCallerError(f"The client is in more than {MAX_GROUPS} groups.")
    if not all(_is_sayable(text) for text in said):
        raise NoCallerError("The client's name or one of its groups holds characters that no header may have.")
    return Caller(name=caller.name, uid=caller.uid, groups=groups, extra=caller.extra)


def _is_sayable(text: str) -> bool:
    inside = all(char >= " " and char != "\x7f" for char in text)
    return inside and text == text.strip() and len(text) <= MAX_NAME and _is_encodable(text)


def _is_encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True


def _extra(extra: JSON) -> tuple[tuple[str, tuple[str, ...]], ...]:
    known: JSONObject = extra if isinstance(extra, dict) else {}
    return tuple((key.lower(), _texts(values)) for key, values in sorted(known.items()) if key)


def _texts(values: JSON) -> tuple[str, ...]:
    listed: Iterable[JSON] = values if isinstance(values, list) else ()
    return tuple(value for value in listed if isinstance(value, str))


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return value if isinstance(value, str) else ""
