"""The recording that is made quickly is one that a recorder could have written."""

from pathlib import Path

import pytest

from kproxy.correlate.ledger import correlate
from kproxy.model.jsontypes import JSONObject
from kproxy.store.reader import open_recording
from kproxy.wire.storage import decode_value
from tests.support.large import make_large, owner_of, schedule, uid_of


@pytest.mark.parametrize("traced", [False, True])
def test_each_change_of_a_large_recording_has_the_exchange_that_its_schedule_says(
    tmp_path: Path,
    traced: bool,
) -> None:
    file, steps = tmp_path / "large.kproxy", list(schedule(800))
    make_large(file, 800, traced=traced)
    with open_recording(str(file)) as recording:
        ledger = correlate(recording)
        assert len(list(recording.etcd_calls())) == (800 if traced else 0)
        found = [(entry.change.revision, entry.attribution.seq) for entry in ledger.entries if entry.attribution]
    assert found == [(step.revision, step.seq) for step in steps]


def test_its_objects_have_versions_lives_and_owners(tmp_path: Path) -> None:
    file = tmp_path / "large.kproxy"
    make_large(file, 800)
    with open_recording(str(file)) as recording:
        changes = [
            change for change in recording.key_changes() if change.key == b"/registry/pods/default/object-00000002"
        ]
        values = [
            decode_value(recording.body(change.value.digest))
            for change in changes
            if change.value and change.value.digest
        ]
    kinds = [change.type.value for change in changes]
    assert kinds[:7] == ["PUT"] * 5 + ["DELETE", "PUT"]
    metadata = [value["metadata"] for value in values]
    uids = [each["uid"] for each in metadata if isinstance(each, dict)]
    assert uids[0] == uid_of("object-00000002", 0) != uids[5] == uid_of("object-00000002", 1)
    owner: JSONObject = {"apiVersion": "apps/v1", "kind": "Deployment", "name": owner_of("object-00000002")}
    references = metadata[0]["ownerReferences"] if isinstance(metadata[0], dict) else None
    assert isinstance(references, list)
    assert isinstance(references[0], dict)
    assert owner.items() <= references[0].items()
