"""Dataclasses of which a session makes millions.

A frozen dataclass sets each field by a call, so that to make one of ten fields takes as long as all else that is done
with it: four times as long as one that is not. `frozen_by_type` is `dataclass` to a type checker, frozen and all, and
mypy runs over all that is ours; at run time the fields are plain slots, equal and hashed by their values as ever.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as frozen_by_type
else:

    def frozen_by_type(*, frozen: bool, **options: bool) -> Callable[[type], type]:
        """A decorator as `dataclass`'s; `frozen` is for those who check types, and must be said."""
        if not frozen:
            raise TypeError("only what is frozen is made by the million")
        return dataclass(unsafe_hash=True, **options)


__all__ = ["frozen_by_type"]
