"""What is known of etcd as rows: made by hand where there are many, and the same as the general way makes."""

import json

from hypothesis import given

from kproxy.model.etcd import EtcdCall
from kproxy.store import schema
from kproxy.store.etcdrows import call_of, call_row
from kproxy.store.structure import to_json
from tests.support.made import calls

NAMES = [column.name for column in schema.etcd_calls.columns]


@given(calls)
def test_a_calls_row_is_what_the_general_way_makes_and_comes_back(call: EtcdCall) -> None:
    row = dict(zip(NAMES, call_row(call), strict=True))
    assert json.loads(str(row["compares"])) == to_json(call.compares)
    assert json.loads(str(row["operations"])) == to_json(call.operations)
    assert call_of(row) == call
