"""kproxy.replay.accounts."""

import json
from dataclasses import replace

from kproxy.model.etcd import ClusterId, EtcdKey, Revision
from kproxy.model.exchange import EMPTY_BODY, Answer, Exchange, Nanos, Request, Seq
from kproxy.model.start import StartKey, StartObject
from kproxy.replay.accounts import has_accounts, nodes_of
from kproxy.wire.requestinfo import request_info
from tests.support.memory import HEADER, MemoryRecording

ACCOUNTS = "/api/v1/namespaces/default/serviceaccounts"


def made(name: str, status: int = 201) -> MemoryRecording:
    """A recording in which somebody made an account."""
    recording = MemoryRecording()
    body = recording.keep(json.dumps({"metadata": {"name": name}}).encode())
    answer = Answer(
        status=status, reason="", http_version="HTTP/1.1", headers=(("Content-Type", "application/json"),), body=body
    )
    recording.exchange_list.append(
        Exchange(
            seq=Seq(1),
            connection=1,
            started=Nanos(1),
            answered=Nanos(2),
            ended=Nanos(2),
            request=Request(method="POST", target=ACCOUNTS, http_version="HTTP/1.1", headers=(), body=EMPTY_BODY),
            info=request_info("POST", ACCOUNTS),
            answer=answer,
        )
    )
    return recording


def started(key: str) -> MemoryRecording:
    """A recording of a server that held a key when it began."""
    entry = StartKey(
        cluster=ClusterId("c"),
        key=EtcdKey(key.encode()),
        value=EMPTY_BODY,
        create_revision=Revision(1),
        mod_revision=Revision(1),
        version=1,
    )
    return MemoryRecording(session=replace(HEADER, start_state="etcd"), start_list=[entry])


def test_an_account_named_default_that_was_made_or_was_there_says_that_pods_need_theirs() -> None:
    assert has_accounts(made("default"))
    assert has_accounts(started("/registry/serviceaccounts/kube-system/default"))


def test_anybodys_account_says_nothing() -> None:
    assert not has_accounts(made("robot"))
    assert not has_accounts(made("default", 409))
    assert not has_accounts(started("/registry/serviceaccounts/kube-system/robot"))
    assert not has_accounts(MemoryRecording())


def test_as_many_nodes_are_told_as_there_were_and_two_where_nobody_says() -> None:
    assert nodes_of(MemoryRecording()) == 2
    assert nodes_of(started("/registry/minions/one")) == 1
    assert nodes_of(started("/registry/pods/default/minions")) == 2


def test_a_body_that_cannot_be_read_is_no_account() -> None:
    recording = made("default")
    [exchange] = recording.exchange_list
    assert exchange.answer is not None
    broken = replace(exchange.answer, body=recording.keep(b"{"))
    recording.exchange_list[:] = [replace(exchange, answer=broken)]
    assert not has_accounts(recording)


def listed(resource: str, *names: str) -> MemoryRecording:
    """A recording that begins with objects as the API listed them."""
    objects = [
        StartObject(
            group="",
            version="v1",
            resource=resource,
            kind="",
            namespace="",
            name=name,
            revision=Revision(1),
            value=EMPTY_BODY,
        )
        for name in names
    ]
    return MemoryRecording(session=replace(HEADER, start_state="api"), start_list=[*objects])


def test_a_start_state_that_was_read_through_the_api_tells_accounts_and_nodes_too() -> None:
    assert has_accounts(listed("serviceaccounts", "robot", "default"))
    assert not has_accounts(listed("serviceaccounts", "robot"))
    assert not has_accounts(listed("configmaps", "default"))
    assert (nodes_of(listed("nodes", "one", "two", "three")), nodes_of(listed("pods", "one"))) == (3, 2)
