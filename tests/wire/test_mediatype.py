"""Media types."""

from hypothesis import given
from hypothesis import strategies as st

from kproxy.wire.mediatype import parse_media_type


def test_names_and_parameters_are_read_without_regard_to_case_and_space() -> None:
    parsed = parse_media_type('Application/JSON ; As=Table;g="meta.k8s.io"; v=v1;stream=watch')
    assert parsed.name == "application/json"
    assert parsed.parameter("as") == "Table"
    assert parsed.parameter("g") == "meta.k8s.io"
    assert parsed.parameter("none") == ""
    assert parsed.is_json
    assert parsed.is_stream


def test_patches_are_what_their_suffix_says() -> None:
    assert parse_media_type("application/strategic-merge-patch+json").is_json
    assert parse_media_type("application/apply-patch+yaml").is_yaml
    assert parse_media_type("application/vnd.kubernetes.protobuf;type=x").is_protobuf
    assert parse_media_type("application/apply-patch+cbor").is_cbor
    assert parse_media_type("application/cbor-seq").is_cbor
    assert not parse_media_type("application/octet-stream").is_structured


@given(st.text())
def test_garbage_never_raises(text: str) -> None:
    parse_media_type(text)
