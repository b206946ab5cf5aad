"""Sizes as people write them."""

import click
import pytest

from kproxy.cli.sizes import SIZE


@pytest.mark.parametrize(
    ("words", "size"),
    [
        ("64MiB", 64 << 20),
        ("64mi", 64 << 20),
        ("500kB", 500_000),
        (" 1 GiB ", 1 << 30),
        ("65536", 65536),
        ("2m", 2_000_000),
    ],
)
def test_units_are_binary_with_an_i_and_decimal_without(words: str, size: int) -> None:
    assert SIZE.convert(words, None, None) == size


@pytest.mark.parametrize("words", ["", "64", "63KiB", "-1MiB", "1.5MiB", "1TiB", "MiB", "64 MiB each", "٦٤MiB"])
def test_what_is_no_size_or_holds_no_batch_is_refused(words: str) -> None:
    with pytest.raises(click.BadParameter):
        SIZE.convert(words, None, None)
