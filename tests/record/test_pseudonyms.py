"""What stands for a secret."""

import base64
import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kproxy.errors import ConfigError
from kproxy.record.pseudonyms import Pseudonyms, is_pseudonym, key_path, load_key

ONE, OTHER = Pseudonyms(b"1" * 32), Pseudonyms(b"2" * 32)


@given(st.text(min_size=1))
def test_redacting_again_changes_nothing_whoever_does_it(secret: str) -> None:
    made = ONE.text(secret)
    assert ONE.text(made) == made
    assert OTHER.text(made) == made


@given(st.binary(min_size=1))
def test_redacting_base64_again_changes_nothing(secret: bytes) -> None:
    made = ONE.base64(base64.b64encode(secret).decode())
    assert ONE.base64(made) == made
    assert OTHER.base64(made) == made
    assert base64.b64decode(made, validate=True) == ONE.bytes(secret)


@given(st.text(min_size=1), st.text(min_size=1))
def test_equal_secrets_are_equal_and_others_are_not(one: str, other: str) -> None:
    assert (ONE.text(one) == ONE.text(other)) == (one == other)


def test_a_secret_is_the_same_as_text_and_in_base64() -> None:
    assert base64.b64decode(ONE.base64(base64.b64encode(b"hunter2").decode())).decode() == ONE.text("hunter2")


def test_another_key_makes_another_pseudonym() -> None:
    assert ONE.text("hunter2") != OTHER.text("hunter2")


def test_nothing_stays_nothing() -> None:
    assert ONE.text("") == ""
    assert ONE.base64("") == ""


def test_a_pseudonym_is_recognised_by_its_form_alone() -> None:
    made = ONE.text("hunter2")
    assert is_pseudonym(made)
    assert not is_pseudonym(made[:-1] + ("0" if made[-1] != "0" else "1"))
    assert not is_pseudonym("x" + made)
    assert not is_pseudonym(made.upper())


@pytest.mark.parametrize("secret", ['{"auths":{"r.io":{"auth":"eDp5"}}}', " {}", '{"kproxy":"no pseudonym"}'])
def test_a_json_object_stays_one_as_the_server_demands_of_registry_logins(secret: str) -> None:
    made = ONE.text(secret)
    assert list(json.loads(made)) == ["kproxy"]
    assert secret not in made
    assert OTHER.text(made) == made


@pytest.mark.parametrize("secret", ["{", "[1]", '{"a":' * 5000])
def test_what_only_looks_like_an_object_becomes_a_plain_one(secret: str) -> None:
    assert is_pseudonym(ONE.text(secret))


def test_what_is_no_base64_stays_none() -> None:
    with pytest.raises(ValueError, match="base64"):
        base64.b64decode(ONE.base64("not base64!"), validate=True)


def test_the_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = key_path(tmp_path, "0" * 32)
    key = load_key(path)
    assert len(key) == 32
    assert load_key(path) == key
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700
    assert [path.name for path in path.parent.iterdir()] == ["0" * 32]


def test_a_key_that_is_none_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "short").write_bytes(b"x")
    with pytest.raises(ConfigError, match="1 bytes instead of 32"):
        load_key(tmp_path / "short")
    with pytest.raises(ConfigError, match="cannot be used"):
        load_key(tmp_path / "short" / "below")


@pytest.mark.parametrize("secret", [b"x" * 1023 + b"y", b"\xff" * 5000, b'{"a":"' + b"b" * 2000 + b'"}'])
def test_a_large_secret_keeps_its_length_because_servers_look_at_it(secret: bytes) -> None:
    made = ONE.bytes(secret)
    assert len(made) == len(secret)
    assert ONE.bytes(made) == made
    assert OTHER.bytes(made) == made
    assert made != ONE.bytes(secret + b" ")
