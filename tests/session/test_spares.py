"""kproxy.session.spares: servers that start while others are at work."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from kproxy.errors import LabError
from kproxy.session.spares import Spares


class Shop:
    """Starts servers that are numbers, and keeps account of them."""

    def __init__(self, fails: int = 0, stays: int = 0) -> None:
        self.stays = stays
        self.fails = fails
        self.started = threading.Semaphore(0)
        self.made = 0
        self.ended: list[int] = []
        self.threads: set[int] = set()

    @contextmanager
    def start(self) -> Iterator[int]:
        self.threads.add(threading.get_ident())
        self.made += 1
        mine = self.made
        self.started.release()
        if mine == self.fails:
            raise LabError("no port is free")
        yield mine
        self.threads.add(threading.get_ident())
        self.ended.append(mine)
        if mine == self.stays:
            raise LabError("it does not end")


def test_the_next_server_starts_while_one_is_at_work() -> None:
    shop = Shop()
    with Spares(shop.start) as spares:
        with spares.fresh() as first:
            assert shop.started.acquire(timeout=60)
            assert shop.started.acquire(timeout=60)  # the spare one, and nobody asked for it
            assert first == 1
        with spares.fresh(more=False) as second:
            assert second == 2
    assert (shop.made, shop.ended) == (2, [1, 2])
    assert len(shop.threads) == 1
    assert threading.get_ident() not in shop.threads


def test_a_spare_that_nobody_used_is_put_away_too() -> None:
    shop = Shop()
    with Spares(shop.start) as spares:
        spares.prepare()
        spares.prepare()
        assert shop.started.acquire(timeout=60)
    assert shop.ended == [1]


def test_none_is_started_before_it_is_asked_for() -> None:
    shop = Shop()
    with Spares(shop.start):
        pass
    assert shop.made == 0


def test_what_a_start_raised_is_raised_where_the_server_is_wanted() -> None:
    shop = Shop(fails=2)
    with Spares(shop.start) as spares:
        with spares.fresh() as first:
            assert first == 1
        with pytest.raises(LabError, match="no port"), spares.fresh():
            pass
    assert shop.ended == [1]


def test_an_error_at_work_ends_the_server_and_the_spare_one() -> None:
    shop = Shop()

    def work() -> None:
        with Spares(shop.start) as spares, spares.fresh():
            assert shop.started.acquire(timeout=60)
            assert shop.started.acquire(timeout=60)
            raise ValueError("at work")

    with pytest.raises(ValueError, match="at work"):
        work()
    assert sorted(shop.ended) == [1, 2]


def used(shop: Shop, error: Exception | None = None) -> None:
    """Two servers one after the other, and perhaps an error then."""
    with Spares(shop.start) as spares:
        with spares.fresh():
            pass
        with spares.fresh(more=False):
            pass
        if error is not None:
            raise error


def test_a_server_that_could_not_be_put_away_is_told() -> None:
    shop = Shop(stays=1)
    with pytest.raises(LabError, match="it does not end"):
        used(shop)
    assert shop.ended == [1, 2]
    with pytest.raises(ValueError, match="at work") as raised:
        used(Shop(stays=2), ValueError("at work"))
    assert raised.value.__notes__ == ["A server could not be put away: it does not end"]
