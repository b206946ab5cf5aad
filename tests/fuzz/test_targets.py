"""Every fuzz target bears its seeds, what once made it fail, and some chance; `make fuzz` goes deeper."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.fuzz.run import seeds
from tests.fuzz.targets import TARGETS


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_bears_its_seeds_and_all_their_beginnings(name: str) -> None:
    for seed in seeds(name):
        for end in range(len(seed) + 1):
            TARGETS[name].run(seed[:end])


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_bears_its_seeds_with_bytes_changed(name: str) -> None:
    chance = random.Random(name)
    for seed in seeds(name) * 40:
        data = bytearray(seed)
        for _ in range(chance.randint(1, 4)):
            data[chance.randrange(len(data))] = chance.randrange(256)
        TARGETS[name].run(bytes(data))


@given(st.sampled_from(sorted(TARGETS)), st.binary(max_size=200))
def test_a_target_bears_anything(name: str, data: bytes) -> None:
    TARGETS[name].run(data)
