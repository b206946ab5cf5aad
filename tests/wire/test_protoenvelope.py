"""The envelope of protobuf objects."""

import pytest

from kproxy.wire.contenterror import ContentError
from kproxy.wire.descriptors import message_class
from kproxy.wire.protoenvelope import MAGIC, is_list, message_name, open_unknown, raw_bytes, unknown_parts
from kproxy.wire.protoforms import META, RUNTIME


def test_kinds_have_messages_and_those_of_every_group_are_metas() -> None:
    assert message_name("v1", "Pod") == "k8s.io.api.core.v1.Pod"
    assert message_name("apps/v1", "Deployment") == "k8s.io.api.apps.v1.Deployment"
    assert message_name("apps/v1", "DeleteOptions") == f"{META}.DeleteOptions"
    assert message_name("example.com/v1", "Status") == f"{META}.Status"
    with pytest.raises(ContentError, match="no interface table for kind 'Deployment' of 'v1'"):
        message_name("v1", "Deployment")


def test_an_envelope_is_opened() -> None:
    unknown = message_class(f"{RUNTIME}.Unknown")(typeMeta={"apiVersion": "v1", "kind": "Pod"}, raw=b"x")
    opened = open_unknown(MAGIC + unknown.SerializeToString())
    assert unknown_parts(opened) == ("v1", "Pod", b"x", "")
    assert unknown_parts(open_unknown(MAGIC)) == ("", "", b"", "")


def test_a_content_coding_within_the_envelope_is_refused() -> None:
    unknown = message_class(f"{RUNTIME}.Unknown")(contentEncoding="gzip")
    with pytest.raises(ContentError, match="content coding"):
        unknown_parts(unknown)


def test_named_slices_are_lists_and_wrapped_bytes_are_bytes() -> None:
    assert is_list(f"{META}.Verbs")
    assert not is_list(f"{META}.ObjectMeta")
    assert raw_bytes(message_class(f"{META}.FieldsV1")(Raw=b"{}")) == b"{}"
    assert raw_bytes(message_class(f"{META}.FieldsV1")()) == b""
