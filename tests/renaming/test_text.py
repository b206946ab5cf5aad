"""kproxy.renaming.text."""

import json
from uuid import UUID

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from kproxy.renaming.text import _TOKEN, Names, _rename_token, rename_names, rename_ports, without_store_revision

UID, IMAGE = "385ac3c3-d112-4b7c-aae9-3af50d03912e", "00000000-d112-4b7c-aae9-3af50d03912e"
NAMES = {UID: IMAGE, "web-x7k2p": "web-bbbbb", "10.96.4.7": "10.96.221.72"}


def renamed(text: str) -> str:
    """The text with NAMES and one node port renamed."""
    return rename_names(rename_ports(text, {"31234": "30001"}), NAMES)


def test_a_name_is_renamed_in_paths_messages_and_json() -> None:
    assert renamed("/api/v1/pods/web-x7k2p/log") == "/api/v1/pods/web-bbbbb/log"
    assert renamed('pods "web-x7k2p" not found') == 'pods "web-bbbbb" not found'
    assert renamed('{"name":"web-x7k2p"}') == '{"name":"web-bbbbb"}'


def test_a_name_made_from_a_name_follows_it() -> None:
    assert renamed("web-x7k2p-6d4cf") == "web-bbbbb-6d4cf"
    assert renamed("web-x7k2p.17f3a9") == "web-bbbbb.17f3a9"
    assert renamed(f"pvc-{UID}") == f"pvc-{IMAGE}"


def test_what_only_looks_alike_is_left() -> None:
    for text in ("my-web-x7k2p", "web-x7k2pq", "xweb-x7k2p", "web-x7k2", "10.96.4.70", "210.96.4.7", UID + "0"):
        assert renamed(text) == text


def test_a_uid_in_a_managed_fields_key_is_renamed() -> None:
    assert renamed(f'k:{{"uid":"{UID}"}}') == f'k:{{"uid":"{IMAGE}"}}'


@pytest.mark.parametrize(
    "around",
    [
        "80:{}/TCP,443:{}/UDP",
        'Service "x" is invalid: spec.ports[0].nodePort: Invalid value: {}: provided port is already allocated',
        "Invalid value: {}: provided port is not in the valid range. The range of valid ports is 30000-32767",
        "failed to allocate requested HealthCheck NodePort {}: provided port is already allocated",
        '{{"ports":[{{"nodePort":{},"port":80}}]}}',
        '{{"healthCheckNodePort": {}}}',
        '{{\\"nodePort\\":{}}}',
        '{{\\"nodePort\\": {}}}',
    ],
)
def test_a_node_port_is_renamed_where_a_text_says_that_it_is_one(around: str) -> None:
    assert renamed(around.format(31234, 31234)) == around.format(30001, 30001)


@pytest.mark.parametrize(
    "text",
    [
        "31234 bytes at 1.2.3.4:31234",
        "Invalid value: 31234: must be between 1 and 65535, inclusive",
        "spec.replicas: 31234: provided port is already allocated",
        '{"port":31234}',
        '{"nodePort":312345}',
        '{"nodePort":31234.5}',
    ],
)
def test_a_number_that_only_looks_like_a_node_port_is_left(text: str) -> None:
    assert renamed(text) == text


@given(st.text())
def test_nothing_known_changes_nothing(text: str) -> None:
    assert rename_names(text, {}) == text
    assert rename_names(text, {"no-such-name-at-all": "x"}) == text


@given(st.text(alphabet='abw-x7k2p. ":/{}'))
def test_renaming_there_and_back_gives_the_text_again(text: str) -> None:
    there = rename_names(text, {"web-x7k2p": "WEB-00000"})
    assert rename_names(there, {"WEB-00000": "web-x7k2p"}) == text


def test_the_servers_own_port_is_renamed_behind_an_address_only() -> None:
    listening = {"51025": "57691"}
    assert rename_ports("127.0.0.1:51025", {}, listening) == "127.0.0.1:57691"
    assert rename_ports("51025 and port:51025", {}, listening) == "51025 and port:51025"


def test_a_message_is_read_without_the_revision_that_the_store_has() -> None:
    said = "Timeout: Too large resource version: 999, current: 7"
    assert without_store_revision(said) == without_store_revision(said.replace("7", "8"))
    assert without_store_revision(said) != without_store_revision(said.replace("999", "998"))


@pytest.mark.long
def test_time_goes_with_a_texts_length() -> None:
    """A million characters of tokens with boundaries, none of them a name, and some that begin like one."""
    for part in ("a.", "web-", "web.", "a-b_c.", "web-x7k2p."):
        text = part * (1_000_000 // len(part))
        assert len(renamed(text)) >= len(text) - 20


def test_a_name_is_renamed_once() -> None:
    names = {"a-1": "a-2", "a-2": "a-3", UID: IMAGE, IMAGE: UID}
    assert rename_names(f"a-1 a-2.x a-1.a-2 {UID} {UID}.x", names) == f"a-2 a-3.x a-2.a-3 {IMAGE} {IMAGE}.x"


NAME = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,5}){0,2}", fullmatch=True)
WORD = st.text("abcdefghijklmnopqrstuvwxyz0123456789", min_size=1, max_size=4)


@given(NAME, NAME, WORD)
def test_a_name_within_another_token_is_untouched(name: str, image: str, word: str) -> None:
    for alike in (f"{word}-{name}", f"{name}{word}", f"{word}{name}", f"{word}_{name}"):
        if not alike.startswith((f"{name}-", f"{name}.", f"{name}_")):
            assert rename_names(alike, {name: image}) == alike
            assert (
                rename_names(f'say "{alike}" /{alike}/ {alike}:', {name: image}) == f'say "{alike}" /{alike}/ {alike}:'
            )


@given(NAME, NAME, st.sampled_from(['"{}"', "/{}", "({})", "{}:", "=={},,", "{}\n", "'{}'", "{}.svc", "{}-0", "<{}>"]))
def test_a_name_that_stands_alone_is_renamed_wherever_it_stands(name: str, image: str, where: str) -> None:
    assert rename_names(where.format(name), {name: image}) == where.format(image)


@given(st.uuids(), st.uuids(), st.uuids())
def test_a_uid_that_nobody_chose_stays(known: UUID, image: UUID, other: UUID) -> None:
    names = {str(known): str(image)}
    for text in (f"pvc-{other}", f'k:{{"uid":"{other}"}}', str(other), f"a_{other}"):
        expected = text if other != known else text.replace(str(known), str(image))
        assert rename_names(text, names) == expected
    assert rename_names(f"pvc-{known}", names) == f"pvc-{image}"


@given(st.sampled_from(["\n", "\t", "\r", '"', "é", "\\"]), st.sampled_from(["\n", " ", '"', "\\"]))
def test_json_inside_a_text_is_renamed_behind_its_escapes(before: str, after: str) -> None:
    """As last-applied annotations have it: a name at the beginning of a line stands behind a backslash and an n."""
    plain = f"echo{before}web-x7k2p{after}echo"
    assert json.loads(renamed(json.dumps({"script": plain}))) == {"script": plain.replace("x7k2p", "bbbbb")}
    assert json.loads(renamed(json.dumps({"script": "a\\nweb-x7k2p"})))["script"] in {"a\\nweb-x7k2p", "a\\nweb-bbbbb"}


def test_a_templates_hash_is_renamed_where_names_are_made_with_it() -> None:
    known = {"web-x7k2p": "web-bbbbb"}
    names = Names(known.get, known)
    names.hashes = {"5d4f8c7b9": "6c7d9f4bb"}
    for text, expected in (
        ("web-5d4f8c7b9-x2x4q.svc", "web-6c7d9f4bb-x2x4q.svc"),
        ("pod-template-hash=5d4f8c7b9", "pod-template-hash=6c7d9f4bb"),
        ("web-x7k2p-5d4f8c7b9", "web-bbbbb-6c7d9f4bb"),
        ("web-5d4f8c7b9x my5d4f8c7b9", "web-5d4f8c7b9x my5d4f8c7b9"),
    ):
        assert rename_names(text, names) == expected


def test_an_ipv6_address_is_renamed_where_it_stands_alone() -> None:
    names = {"fd00::1": "fd00::2", "::1": "::2"}
    for text, expected in (
        ("fd00::1", "fd00::2"),
        ("dial tcp [fd00::1]:443: refused", "dial tcp [fd00::2]:443: refused"),
        ("it listens on fd00::1.", "it listens on fd00::2."),
        ("http:\\nfd00::1", "http:\\nfd00::2"),
        ("fd00::1a 2fd00::1 fd00::1:5 xfd00::1", "fd00::1a 2fd00::1 fd00::1:5 xfd00::1"),
        ("::1 is here", "::2 is here"),
        ("a::1", "a::1"),
    ):
        assert rename_names(text, names) == expected


_PIECES = (
    *("web", "web-x2x4q", "5d9c7b8f6d", "fd00::1", "10.0.0.7", "-", ".", "_", ":", " ", "/", "\\n", "\\", "n", "a"),
    *("0e4bd2f1-6a2c-4c9e-9b1a-2f1f6c1d7a11", "0e4bd2f1"),
)


@example("fd00::1aweb-x2x4q")
@given(st.lists(st.sampled_from(_PIECES), max_size=8).map("".join))
def test_what_is_left_alone_at_a_glance_has_nothing_to_rename(text: str) -> None:
    known = {
        "web-x2x4q": "web-new",
        "fd00::1": "fd00::2",
        "10.0.0.7": "10.0.0.9",
        "0e4bd2f1-6a2c-4c9e-9b1a-2f1f6c1d7a11": "11111111-6a2c-4c9e-9b1a-2f1f6c1d7a11",
    }
    names = Names(known.get, known)
    names.hashes = {"5d9c7b8f6d": "newhash"}
    slowly = _TOKEN.sub(lambda found: _rename_token(found[0], names), text)
    assert rename_names(text, names) == slowly


def test_a_refusal_of_an_old_revision_says_the_same_whatever_the_store_still_has() -> None:
    said = "too old resource version: 5 (3016)"
    assert without_store_revision(said) == without_store_revision("too old resource version: 7 (9)")
    assert without_store_revision(said) != said


OTHER = "385ac3c3-d112-4b7c-aae9-3af50d03912f"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (UID, IMAGE),
        (OTHER, f"short{OTHER[8:]}"),
        (f"{UID}-385ac3c3", f"{IMAGE}-short"),
        (f"{UID}.web", f"{IMAGE}.WEB"),
        (f"{UID}-web", f"{IMAGE}-WEB"),
        (f"{UID}-longer", "longest"),
        (f"{UID}-longer-web", "longest-WEB"),
        ("385ac3c3-d112", "short-d112"),
        (f"{UID}0", f"short{UID[8:]}0"),
    ],
)
def test_a_uid_is_told_by_its_form_beside_names_that_begin_alike(text: str, expected: str) -> None:
    """Of names that end there the longest is taken, be it longer or shorter than a uid."""
    names = {UID: IMAGE, "385ac3c3": "short", "web": "WEB", f"{UID}-longer": "longest"}
    assert rename_names(text, names) == expected


def test_of_uids_nothing_is_kept_beside_their_images() -> None:
    known = {UID: IMAGE}
    names = Names(known.get, known)
    assert names.lengths == {}
    assert names
    assert rename_names(f"pvc-{UID} {UID}", names) == f"pvc-{IMAGE} {IMAGE}"
    assert not Names(known.get)
    assert rename_names(UID, Names(known.get)) == UID


def test_a_port_that_nobody_drew_stays_as_it_is() -> None:
    assert rename_ports("80:31235/TCP,80:31234/TCP", {"31234": "30001"}) == "80:31235/TCP,80:30001/TCP"
    assert rename_ports("127.0.0.1:51026", {}, {"51025": "57691"}) == "127.0.0.1:51026"
