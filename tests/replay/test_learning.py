"""kproxy.replay.learning."""

import json
from dataclasses import replace

import pytest

from kproxy.model.exchange import Digest, Exchange
from kproxy.model.jsontypes import JSONObject
from kproxy.renaming.kinds import Kind
from kproxy.renaming.renaming import Renaming
from kproxy.replay.learning import AnswerLearner, learn_head
from tests.diff.sessions import PODS, FakeServer
from tests.replay.test_answers import drawn

MAPS = "/api/v1/namespaces/default/configmaps"


def made(server: FakeServer, name: str, revision: int) -> Exchange:
    """The creation of a ConfigMap."""
    pod = server.pod(revision, name)
    answer: JSONObject = {"kind": "ConfigMap", "metadata": pod["metadata"]}
    seq = server.exchange("POST", MAPS, 201, answer, send={"kind": "ConfigMap", "metadata": {"name": name}})
    return server.made.exchange_list[seq - 1]


def body_of(server: FakeServer, exchange: Exchange) -> bytes:
    """What it was answered with."""
    assert exchange.answer is not None
    assert exchange.answer.body.digest is not None
    return server.made.body_bytes[exchange.answer.body.digest]


class Both:
    """Two servers that are asked the same, and what is learned of them."""

    def __init__(self, *, in_use: bool = False) -> None:
        self.first, self.second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
        self.renaming = Renaming()
        self.learner = AnswerLearner(self.renaming, self.first.made, in_use=lambda: in_use)

    def make(self, name: str, revision: int) -> None:
        """Create a ConfigMap on both."""
        recorded, live = made(self.first, name, revision), made(self.second, name, revision)
        with self.learner.under_way(recorded):
            self.learner.learn(recorded, "application/json", body_of(self.second, live))

    def before(self, method: str, target: str, body: bytes = b"", *fields: tuple[str, str]) -> None:
        """A request is about to be written anew."""
        exchange = self.first.made.exchange_list[self.first.exchange(method, target) - 1]
        headers = (("Content-Type", "application/json"), *fields)
        self.learner.before(replace(exchange, request=replace(exchange.request, headers=headers)), body)

    def knows(self, name: str) -> bool:
        """Whether an object's uid is known."""
        number = sum(name.encode())
        return self.renaming.image(Kind.UID, self.first.uid(number)) == self.second.uid(number)


def test_a_creation_is_learned_from_when_a_request_may_name_its_object() -> None:
    both = Both()
    both.make("x", 1)
    both.make("y", 2)
    both.before("POST", MAPS, b'{"kind":"ConfigMap","metadata":{"name":"z"}}')
    assert not both.knows("x")
    both.before("DELETE", f"{MAPS}/x", b'{"preconditions":{"uid":"%s"}}' % both.first.uid(120).encode())
    assert both.knows("x")
    assert both.knows("y")


@pytest.mark.parametrize("target", [f"{MAPS}?resourceVersion=7", f"{MAPS}/pvc-aaaaaaaa-0000-4000-8000-000000000120"])
def test_a_target_that_may_name_an_object_is_asked_behind_its_creation(target: str) -> None:
    both = Both()
    both.make("x", 1)
    both.before("GET", target)
    assert both.knows("x")


def test_what_stands_in_a_field_of_the_head_may_name_an_object() -> None:
    both = Both()
    both.make("x", 1)
    both.before("GET", MAPS, b"", ("X-Of", both.first.uid(120)))
    assert both.knows("x")


def test_what_tells_more_is_learned_at_once_and_behind_what_came_before() -> None:
    both = Both()
    both.make("x", 1)
    first, second = both.first, both.second
    recorded = first.made.exchange_list[first.exchange("POST", PODS, 201, drawn(first, "web-bbbbb")) - 1]
    live = second.made.exchange_list[second.exchange("POST", PODS, 201, drawn(second, "web-fffff")) - 1]
    both.learner.learn(recorded, "application/json", body_of(second, live))
    assert both.renaming.text("web-bbbbb") == "web-fffff"
    assert both.knows("x")


def test_while_a_watch_is_open_nothing_is_put_off() -> None:
    both = Both(in_use=True)
    both.make("x", 1)
    assert both.knows("x")


def test_what_is_put_off_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kproxy.replay.learning._MOST_PUT_OFF", 400)
    both = Both()
    for number, name in enumerate("vwxyz"):
        both.make(name, number)
    assert both.knows("v")
    assert not both.knows("z")


def test_whose_name_is_whose_is_not_guessed_from_a_list_while_creations_are_on_their_way() -> None:
    """Two are made at once: the list shows one of them in the recording, and the other one here."""
    first, second = FakeServer("a", 100, 7), FakeServer("b", 5000, 15)
    first.exchange("GET", PODS, 200, first.listed(9, drawn(first, "web-bbbbb")))
    first.exchange("POST", PODS, 201, drawn(first, "web-bbbbb"))
    second.exchange("GET", PODS, 200, second.listed(9, drawn(second, "web-zzzzz")))
    second.exchange("POST", PODS, 201, drawn(second, "web-fffff"))
    (recorded, made), answers = first.made.exchange_list, [each.answer for each in second.made.exchange_list]
    data = [second.made.body_bytes[each.body.digest] for each in answers if each and each.body.digest]

    def learned(*, at_once: bool) -> str:
        renaming = Renaming()
        learner = AnswerLearner(renaming, first.made)
        if at_once:
            with learner.under_way(made):
                learner.learn(recorded, "application/json", data[0])
        else:
            learner.learn(recorded, "application/json", data[0])
        assert renaming.revisions.image("", str(first.base + 9), "pods") == str(second.base + 9), "a list's own"
        learner.learn(made, "application/json", data[1])
        return renaming.text("web-bbbbb")

    assert learned(at_once=True) == "web-fffff"
    assert learned(at_once=False) == "web-zzzzz", "who makes them is not recorded: their order is all there is"


def test_when_an_answer_was_modified_is_learned_for_its_path_and_of_what_says_so_alone() -> None:
    renaming = Renaming()
    server = FakeServer("a", 100, 7)
    server.exchange("GET", "/openapi/v2?timeout=32s")
    [plain] = server.made.exchange_list
    assert plain.answer is not None
    dated = replace(plain, answer=replace(plain.answer, headers=(("Last-Modified", "Mon"),)))
    for exchange, live in ((plain, "Tue"), (dated, ""), (replace(plain, answer=None), "Tue")):
        learn_head(renaming, exchange, live)
    assert renaming.modified == {}
    learn_head(renaming, dated, "Tue")
    assert renaming.modified == {("/openapi/v2", "Mon"): "Tue"}


def test_the_same_two_answers_are_read_once_and_what_is_the_same_on_both_sides_never(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    both = Both()
    recorded, live = made(both.first, "x", 1), made(both.second, "x", 1)
    reads: list[Digest] = []

    def read(digest: Digest) -> bytes:
        reads.append(digest)
        return both.first.made.body_bytes[digest]

    monkeypatch.setattr(both.first.made, "body", read)
    for _ in range(3):
        both.learner.learn(recorded, "application/json", body_of(both.first, recorded))
    assert not reads
    for _ in range(3):
        both.learner.learn(recorded, "application/json", body_of(both.second, live))
        both.learner.catch_up()
    assert len(set(reads)) == 1
    once = len(reads)
    both.learner.learn(recorded, "application/json", body_of(both.second, live))
    both.learner.catch_up()
    assert len(reads) == once


def test_the_hashes_of_openapis_links_are_learned_and_what_is_not_json_as_a_text() -> None:
    both = Both()
    link = '{"paths":{"api":{"serverRelativeURL":"/openapi/v3/api?hash=%s"}}}'
    for media_type in ("application/json", "text/plain"):
        for asked, there, here in (("/openapi/v3", link % "AB", link % "CD"), ("/other", "of A1", "of A2")):
            seq = both.first.exchange("GET", asked)
            exchange = both.first.made.exchange_list[seq - 1]
            assert exchange.answer is not None
            kept = replace(
                exchange.answer, headers=(("Content-Type", media_type),), body=both.first.made.keep(there.encode())
            )
            both.learner.learn(replace(exchange, answer=kept), media_type, here.encode())
        assert both.renaming.modified == {("/openapi/v3/api", "hash=AB"): "CD"}


def test_an_issued_token_is_learned_at_once_and_bound_to_its_pseudonym() -> None:
    both = Both()
    pseudonym = "kproxy-redacted-" + "01234567" * 5
    seq = both.first.exchange("POST", f"{MAPS[:-10]}serviceaccounts/x/token", 201, token(pseudonym))
    exchange = both.first.made.exchange_list[seq - 1]
    both.learner.learn(exchange, "application/json", json.dumps(token("live")).encode())
    assert both.renaming.image(Kind.PSEUDONYM, pseudonym) == "live"


def token(value: str) -> JSONObject:
    """What a server answers who asks for one."""
    return {"kind": "TokenRequest", "status": {"token": value}}


def test_the_creation_of_a_subresource_is_learned_from_at_once() -> None:
    both = Both()
    target = "/api/v1/namespaces/default/serviceaccounts/x/token"
    answers = []
    for server in (both.first, both.second):
        seq = server.exchange("POST", target, 201, {"kind": "TokenRequest", "metadata": server.pod(1, "x")["metadata"]})
        answers.append(server.made.exchange_list[seq - 1])
    both.learner.learn(answers[0], "application/json", body_of(both.second, answers[1]))
    assert both.knows("x")
