"""What reads bytes in `wire` without a second opinion: it reads what was written, or refuses in its error."""

import contextlib
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from kproxy.model.api import ObjectRef
from kproxy.model.etcd import EtcdKey
from kproxy.model.jsontypes import JSON, JSONObject
from kproxy.wire.content import decode
from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import message_class
from kproxy.wire.objectfacts import NO_FACTS, Facts, facts_of, read_facts, read_managers, read_text, read_value_facts
from kproxy.wire.ownkeys import is_beyond, is_made_anew, is_made_anew_object, relative
from kproxy.wire.protoenvelope import MAGIC, open_unknown, parse, unknown_parts
from kproxy.wire.protoforms import META, RUNTIME

WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\x00"), max_size=12)
ANY: st.SearchStrategy[JSON] = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=8,
)
OWNERS: st.SearchStrategy[JSON] = st.lists(
    st.builds(
        lambda uid, kind, name, controls: {"uid": uid, "kind": kind, "name": name, "controller": controls},
        WORDS,
        WORDS,
        WORDS,
        st.booleans(),
    ),
    max_size=2,
)
METADATA: st.SearchStrategy[JSON] = st.fixed_dictionaries(
    {},
    optional={
        "name": WORDS,
        "namespace": WORDS,
        "uid": WORDS,
        "resourceVersion": st.integers(1, 2**62).map(str),
        "generation": st.integers(1, 1000),
        "deletionTimestamp": st.just("2026-11-23T12:00:00Z"),
        "deletionGracePeriodSeconds": st.integers(0, 100),
        "finalizers": st.lists(WORDS, max_size=2),
        "ownerReferences": OWNERS,
    },
)
KINDS = st.sampled_from(["Pod", "Namespace", "Status", "PodList", "Widget", "Table"])
OBJECTS: st.SearchStrategy[JSONObject] = st.builds(
    lambda kind, metadata, more: {**more, "apiVersion": "v1", "kind": kind, "metadata": metadata},
    KINDS,
    METADATA | ANY,
    st.dictionaries(st.sampled_from(["spec", "details", "items", "rows"]), ANY, max_size=2),
)


@given(OBJECTS)
def test_the_facts_of_json_are_those_of_the_decoded_object(obj: JSONObject) -> None:
    found = read_facts("application/json", json.dumps(obj).encode())
    assert found == (facts_of(obj) if isinstance(found, Facts) else obj)


@given(OBJECTS)
def test_a_value_of_etcds_says_of_itself_what_it_says_when_it_is_decoded(obj: JSONObject) -> None:
    assert read_value_facts(json.dumps(obj).encode()) == facts_of(obj)


@given(st.binary(max_size=200), st.sampled_from(["application/json", "application/vnd.kubernetes.protobuf", "x/y", ""]))
def test_any_bytes_have_facts_or_are_no_content(data: bytes, media_type: str) -> None:
    for whole in (data, MAGIC + data):
        with contextlib.suppress(ContentError):
            read_facts(media_type, whole)
        for read in (read_value_facts, read_managers):
            with contextlib.suppress(ContentError):
                read(whole)
        with contextlib.suppress(ContentError):
            assert isinstance(read_text(whole, "metadata", "name"), str)


@given(WORDS, WORDS, st.binary(max_size=50), WORDS)
def test_an_envelope_that_was_written_opens_to_what_was_put_in(
    version: str, kind: str, raw: bytes, content: str
) -> None:
    unknown = message_class(f"{RUNTIME}.Unknown")(
        typeMeta={"apiVersion": version, "kind": kind}, raw=raw, contentType=content
    )
    assert unknown_parts(open_unknown(MAGIC + unknown.SerializeToString())) == (version, kind, raw, content)


@given(st.binary(max_size=100))
def test_any_bytes_behind_the_magic_ones_are_an_envelope_or_refused(data: bytes) -> None:
    for whole in (data, MAGIC + data):
        try:
            version, kind, raw, content = unknown_parts(open_unknown(whole))
        except ContentError:
            continue
        assert isinstance(raw, bytes)
        assert all(isinstance(each, str) for each in (version, kind, content))
    with contextlib.suppress(ContentError):
        parse(f"{META}.ObjectMeta", data)


@given(st.binary(max_size=60), ANY, st.sampled_from(["/registry", "/registry/", ""]))
def test_a_key_that_a_server_makes_by_itself_never_says_that_somebody_uses_it(
    data: bytes, value: JSON, prefix: str
) -> None:
    for key in (EtcdKey(data), EtcdKey(prefix.rstrip("/").encode() + b"/" + data)):
        path = relative(key, prefix)
        if path is None:
            assert is_made_anew(key, value, prefix)
        else:
            assert path.startswith("/")
        told_by_value = b"ipaddresses" in bytes(key) or b"apiservices" in bytes(key)
        if not told_by_value and is_made_anew(key, value, prefix):
            assert not is_beyond(key, prefix)


@given(WORDS, WORDS, WORDS, ANY)
def test_any_object_is_a_servers_own_or_is_not(resource: str, namespace: str, name: str, value: JSON) -> None:
    ref = ObjectRef(group="", resource=resource, namespace=namespace, name=name)
    assert is_made_anew_object(ref, value) in {True, False}


@given(OBJECTS)
@settings(max_examples=50)
def test_no_facts_are_those_of_what_is_no_object(obj: JSONObject) -> None:
    assert facts_of([obj]) == facts_of(None) == NO_FACTS
    assert decode("application/json", json.dumps(obj).encode()) == obj
