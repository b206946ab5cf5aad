"""kproxy.renaming.pseudonyms."""

import base64
import json

from kproxy.record.pseudonyms import Pseudonyms
from kproxy.renaming.pseudonyms import has_pseudonym, pseudonyms_in


def test_the_recorders_pseudonyms_are_found_plain_and_in_base64() -> None:
    made = Pseudonyms(b"k" * 32)
    plain, coded = made.text("hunter2"), made.base64("aHVudGVyMg==")
    assert pseudonyms_in(f"Bearer {plain}, and {plain}.") == [plain, plain]
    assert pseudonyms_in(f'{{"password":"{coded}"}}') == [coded.rstrip("=")]


def test_what_only_begins_like_one_is_none() -> None:
    assert pseudonyms_in("kproxy-redacted-1234 a3Byb3h5LXJlZGFjdGVk") == []


def test_the_one_in_a_docker_config_is_found() -> None:
    plain = Pseudonyms(b"k" * 32).text("hunter2")
    coded = base64.b64encode(json.dumps({"kproxy": plain}, separators=(",", ":")).encode()).decode()
    assert pseudonyms_in(coded) == [coded]
    assert has_pseudonym(coded)
    assert not has_pseudonym("hunter2")
