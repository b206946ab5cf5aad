"""kproxy.correlate.number."""

from kproxy.correlate.background import RULES, BackgroundRule
from kproxy.correlate.number import CORRELATOR, correlator_of
from kproxy.model.attribution import Basis


def test_another_key_of_the_background_is_another_correlator() -> None:
    further = BackgroundRule("my-operator", "/leases/my-system/my-operator", "my operator renews its lock")
    assert correlator_of(Basis, (*RULES, further)) != CORRELATOR == correlator_of(Basis, RULES)


def test_grounds_in_another_order_are_another_correlator() -> None:
    assert correlator_of(reversed(Basis), RULES) != CORRELATOR
    assert 0 < CORRELATOR < 1 << 31
