"""--etcd and what belongs to it."""

import pytest

from kproxy.cli.etcd_options import EtcdWish
from kproxy.errors import EtcdError, UsageError
from kproxy.etcd.settings import EtcdSettings

MAIN = EtcdSettings(endpoints=("https://a:2379",), user="ada", password="secret of hers")


def test_overrides_are_read_as_the_api_server_reads_them() -> None:
    stores = EtcdWish(overrides=("/events#https://b:2379;https://c:2379,apps/deployments#https://d:2379",)).stores(MAIN)
    events, deployments = stores.overrides
    assert (events.resources, events.settings.endpoints) == (("/events",), ("https://b:2379", "https://c:2379"))
    assert (deployments.resources, deployments.settings.endpoints) == (("apps/deployments",), ("https://d:2379",))
    assert (events.settings.user, events.settings.password) == ("ada", "secret of hers")


@pytest.mark.parametrize("text", ["events#http://b:1", "/events", "/events#", "/#http://b:1", "a/b/c#http://b:1"])
def test_an_override_that_is_none_is_a_sentence(text: str) -> None:
    with pytest.raises(UsageError, match="GROUP/RESOURCE#URL"):
        EtcdWish(overrides=(text,)).stores(MAIN)


def test_an_override_of_no_address_is_a_sentence() -> None:
    with pytest.raises(EtcdError, match="is no address"):
        EtcdWish(overrides=("/events#ftp://b",)).stores(MAIN)


@pytest.mark.parametrize("text", ["/events#https://ada:hunter2@b:1", "events#https://ada:hunter2@b:1"])
def test_a_password_in_an_override_is_not_told(text: str) -> None:
    with pytest.raises((EtcdError, UsageError)) as refused:
        EtcdWish(overrides=(text,)).stores(MAIN)
    assert "hunter2" not in str(refused.value)


@pytest.mark.parametrize("given", ["registry", "/registry", "/registry/", "registry/"])
def test_a_prefix_has_one_slash_at_its_beginning(given: str) -> None:
    assert EtcdWish(prefix=given).stores(None).prefix == "/registry"


def test_what_is_said_of_etcd_needs_an_etcd() -> None:
    with pytest.raises(UsageError, match="need --etcd URL"):
        EtcdWish(overrides=("/events#http://b:1",)).stores(None)
    with pytest.raises(UsageError, match="need --etcd URL"):
        EtcdWish().stores(None, history=True)
    with pytest.raises(UsageError, match="need --etcd URL"):
        EtcdWish(user="ada").settings({})
