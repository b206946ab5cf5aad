"""When controllers are ready, by the answers of a server that is none."""

import pytest

from kproxy.errors import LabError
from kproxy.lab.client import LabAnswer, LabClient
from kproxy.lab.controllers.wait import DEPLOYMENTS, PROBE_PATH, await_controllers
from kproxy.lab.users import User
from kproxy.model.jsontypes import JSON, JSONObject

READY: JSONObject = {"status": {"conditions": [{"type": "Ready", "status": "True"}]}}
NOT_READY: JSONObject = {"status": {"conditions": [{"type": "Ready", "status": "False"}]}}
RUNNING: JSONObject = {"items": [{"status": {"phase": "Running"}}]}
PENDING: JSONObject = {"items": [{"status": {"phase": "Pending"}}]}

IN_TIME = 60.0
TOO_SOON = 1.5
"""Seconds since the clock's start: not before what is there at the second look was looked at."""


class Answering(LabClient):
    """Answers by method and path: the answers of a list one after the other, the last one again and again."""

    def __init__(self, answers: dict[str, list[tuple[int, JSON]]]) -> None:
        object.__setattr__(self, "answers", answers)
        object.__setattr__(self, "asked", [])

    def send(self, method: str, path: str, body: JSONObject | None = None, *, behalf: User | None = None) -> LabAnswer:
        del body, behalf
        answers: dict[str, list[tuple[int, JSON]]] = object.__getattribute__(self, "answers")
        asked: list[str] = object.__getattribute__(self, "asked")
        asked.append(f"{method} {path}")
        left = answers.get(f"{method} {path}", [(200 if method == "GET" else 201, {})])
        return LabAnswer(*(left.pop(0) if len(left) > 1 else left[0]))


def answers() -> dict[str, list[tuple[int, JSON]]]:
    """Those of a cluster that becomes ready in time, each thing at the second look."""
    return {
        "GET /api/v1/nodes/node-1": [(404, {}), (200, NOT_READY), (200, READY)],
        "GET /api/v1/namespaces/default/serviceaccounts/default": [(404, {}), (200, {})],
        f"POST {DEPLOYMENTS}": [(403, {"message": "not yet"}), (409, {})],
        f"GET {PROBE_PATH}/pods": [(200, {"items": []}), (200, PENDING), (200, RUNNING)],
        f"DELETE {PROBE_PATH}": [(200, {})],
        f"GET {PROBE_PATH}": [(200, {}), (404, {})],
    }


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.fixture(autouse=True)
def clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.lab.controllers.wait.time", Clock())


def nobody_ends() -> None:
    """They all live."""


def test_each_thing_is_waited_for_and_what_was_tried_is_gone_at_the_end() -> None:
    client = Answering(answers())
    await_controllers(client, 1, IN_TIME, nobody_ends)
    asked: list[str] = object.__getattribute__(client, "asked")
    assert asked[-1] == f"GET {PROBE_PATH}"
    assert asked.count(f"GET {PROBE_PATH}/pods") == 3


@pytest.mark.parametrize(
    ("request_line", "answer", "sentence"),
    [
        ("GET /api/v1/nodes/node-1", (200, NOT_READY), "the node node-1 is not Ready"),
        ("GET /api/v1/nodes/node-1", (200, "nonsense"), "the node node-1 is not Ready"),
        ("GET /api/v1/namespaces/default/serviceaccounts/default", (404, {"message": "none"}), "404: none"),
        (f"GET {PROBE_PATH}/pods", (200, PENDING), "a Deployment's pod is Pending"),
        (f"GET {PROBE_PATH}/pods", (200, {"items": []}), "a Deployment got no pod"),
    ],
)
def test_what_is_missing_is_named_when_time_is_up(request_line: str, answer: tuple[int, JSON], sentence: str) -> None:
    client = Answering(answers() | {request_line: [answer]})
    with pytest.raises(LabError, match=f"not ready in time: .*{sentence}"):
        await_controllers(client, 1, TOO_SOON, nobody_ends)


def test_one_that_ends_is_told_at_once() -> None:
    def ends() -> None:
        raise LabError("the lab's kwok ended with exit code 1")

    with pytest.raises(LabError, match="kwok ended"):
        await_controllers(Answering(answers()), 1, IN_TIME, ends)
