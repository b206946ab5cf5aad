"""A whole control plane's recording: `get --at` is what was answered, and blame and managedFields tell the same."""

from pathlib import Path

import pytest

from kproxy.history.agreement import Agreement
from kproxy.store.reader import open_recording
from tests.support.whole import blame_everything, compare_answers

pytestmark = [pytest.mark.controlplane, pytest.mark.timeout(900)]


def test_get_at_is_what_the_api_server_answered_then(soak: Path) -> None:
    with open_recording(str(soak / "recording.kproxy")) as recording:
        found = compare_answers(recording)
    assert found.different == []
    assert found.equal.total() > 1000
    assert {"create", "update", "patch", "get", "list", "ADDED", "MODIFIED", "DELETED"} <= set(found.equal)
    assert found.left_out.total() < found.equal.total() / 10, found.left_out


def test_blame_agrees_with_managed_fields_on_every_field_or_says_why_not(soak: Path) -> None:
    with open_recording(str(soak / "recording.kproxy")) as recording:
        found = blame_everything(recording)
    assert found.unexplained == []
    assert found.objects > 100
    fields = found.fields
    assert fields[Agreement.AGREES] > fields.total() / 2
    unknown = sum(fields[each] for each in (Agreement.NO_REQUEST, Agreement.NOT_RECORDED, Agreement.OTHER_VERSION))
    assert unknown < fields.total() / 20, fields
