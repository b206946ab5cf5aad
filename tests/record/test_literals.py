"""Known secrets, wherever they turn up."""

import base64
import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.record.literals import Literals
from kproxy.record.pseudonyms import Pseudonyms

PSEUDONYMS = Pseudonyms(b"1" * 32)
TOKEN = 'to/ken+"<&\\with all sorts'
KEY = (
    "-----BEGIN PRIVATE KEY-----\n"
    + "\n".join(str(n) * 40 + "AbC/+" for n in range(6))
    + "\n-----END PRIVATE KEY-----\n"
)
LITERALS = Literals(PSEUDONYMS, [TOKEN, KEY, "hex0123456789abcdef", "short"])


def go(text: str) -> bytes:
    """As Go writes a string in JSON."""
    return json.dumps(text, ensure_ascii=False).replace("<", "\\u003c").replace("&", "\\u0026").encode()


@pytest.mark.parametrize("secret", [TOKEN, KEY, "hex0123456789abcdef"])
@pytest.mark.parametrize(
    "form",
    [
        str.encode,
        lambda text: json.dumps(text).encode(),
        go,
        lambda text: quote(text, safe="").encode(),
        lambda text: base64.b64encode(text.encode()),
        lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"="),
        lambda text: base64.b64encode(b"a:" + text.encode() + b"!"),
        lambda text: base64.b64encode(b"ab:" + text.encode() + b"?~"),
    ],
)
def test_a_secret_is_gone_in_every_form(secret: str, form: object) -> None:
    assert callable(form)
    data = b'{"some": "' + form(secret) + b'", "else": 1}'
    cleaned = LITERALS.replace(data)
    assert cleaned != data
    assert not LITERALS.found(cleaned)
    for piece in secret.splitlines():
        assert piece.encode() not in cleaned or piece.startswith("-----")
        assert base64.b64encode(piece.encode())[4:-6] not in cleaned
    assert cleaned.startswith(b'{"some": "')
    assert cleaned.endswith(b'", "else": 1}')


def test_base64_around_a_secret_stays_base64_of_the_same_with_a_pseudonym() -> None:
    cleaned = LITERALS.replace(base64.b64encode(b"user:hex0123456789abcdef"))
    assert base64.b64decode(cleaned).decode() == f"user:{PSEUDONYMS.text('hex0123456789abcdef')}"


def test_a_part_of_a_key_in_base64_is_gone_as_a_whole() -> None:
    part = base64.b64encode(KEY.encode())[101:-57]
    made = base64.b64encode(PSEUDONYMS.plain(KEY.encode()).encode()).rstrip(b"=")
    assert LITERALS.replace(b'"' + part + b'"') == b'"' + made + b'"'


def test_lines_of_a_key_are_secrets_of_their_own() -> None:
    line = KEY.splitlines()[3].encode()
    assert line not in LITERALS.replace(b"x " + line + b" y")


@given(st.binary(max_size=200))
def test_other_bytes_stay_the_same_object(data: bytes) -> None:
    if not any(probe in data for probe in LITERALS._probes):
        assert LITERALS.replace(data) is data


@given(st.binary(max_size=20), st.binary(max_size=20), st.sampled_from([TOKEN, KEY, "hex0123456789abcdef"]))
def test_replacing_again_changes_nothing(before: bytes, after: bytes, secret: str) -> None:
    once = LITERALS.replace(before + secret.encode() + after)
    assert LITERALS.replace(once) == once


def test_short_ones_and_pseudonyms_are_not_looked_for() -> None:
    made = PSEUDONYMS.text("x")
    assert Literals(PSEUDONYMS, ["short", made]).replace(f"short {made}".encode()) == f"short {made}".encode()
    assert Literals(PSEUDONYMS, []).replace(b"anything") == b"anything"


def test_texts_that_are_no_unicode_pass() -> None:
    assert LITERALS.replace_text("\udcff hex0123456789abcdef").startswith("\udcff kproxy-redacted-")
