"""How requests are followed into etcd, out of what is recorded from."""

from dataclasses import replace
from pathlib import Path

from kproxy.config.credentials import Credentials
from kproxy.config.upstream import upstream_from_url
from kproxy.session.recordsettings import RecordSettings, proxy_settings

PLAIN = RecordSettings(output=Path("o"), upstream=upstream_from_url("http://up:1"), state_home=Path("s"))
RELAYED = replace(PLAIN, relays=(Path("feed"),))


def test_without_a_relay_requests_go_on_as_they_are() -> None:
    for settings in (PLAIN, replace(PLAIN, otlp="127.0.0.1:4317")):
        assert proxy_settings(settings, "t", Credentials(settings.upstream)).trace is None
    assert (PLAIN.traced, replace(PLAIN, otlp="127.0.0.1:4317").traced) == ("", "otlp")


def test_with_a_relay_proxy_and_recorder_make_ids_of_the_same_seeds() -> None:
    trace = proxy_settings(RELAYED, "t", Credentials(RELAYED.upstream)).trace
    assert trace is not None
    assert trace == RELAYED.trace
    assert not trace.sampled
    assert RELAYED.traced == "relay"


def test_spans_are_asked_for_where_somebody_takes_them() -> None:
    both = replace(RELAYED, otlp="127.0.0.1:4317")
    assert both.trace is not None
    assert both.trace.sampled
    assert both.traced == "relay+otlp"
