"""kproxy.renaming.allocations."""

import base64

from kproxy.renaming.allocations import allocated, same_allocation


def bitmap(*bits: int) -> str:
    """A bitmap with these bits set."""
    number = sum(1 << bit for bit in bits)
    return base64.b64encode(number.to_bytes(346)).decode()


def test_ports_are_compared_one_by_one_in_the_other_servers_words() -> None:
    image = {"30005": "30700"}.get
    assert same_allocation("30000-32767", bitmap(5), bitmap(700), image)
    assert not same_allocation("30000-32767", bitmap(5), bitmap(701), image)
    assert not same_allocation("30000-32767", bitmap(5), bitmap(700, 9), image)


def test_addresses_are_counted() -> None:
    assert same_allocation("10.96.0.0/16", bitmap(1, 77), bitmap(1, 900), lambda _: None)
    assert not same_allocation("10.96.0.0/16", bitmap(1, 77), bitmap(1), lambda _: None)


def test_what_is_no_bitmap_must_be_equal() -> None:
    assert same_allocation("30000-32767", "%%", "%%", lambda _: None)
    assert not same_allocation("30000-32767", "%%", bitmap(1), lambda _: None)


def test_a_bitmap_of_ports_says_which_are_taken() -> None:
    data = base64.b64encode((0b101).to_bytes(2)).decode()
    assert allocated("30000-32767", data) == {30000, 30002}
    assert allocated("10.96.0.0/12", data) == set()
    assert allocated("30000-32767", "no base64") == set()
