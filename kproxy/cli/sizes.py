"""Sizes in bytes, as people write them: 64MiB, 500kB, 1048576."""

import re

import click

_UNITS = {"": 1, "k": 1000, "m": 1000**2, "g": 1000**3, "ki": 1024, "mi": 1024**2, "gi": 1024**3}


class _SizeType(click.ParamType[int]):
    """Reads a size; at least 64 KiB, so that one batch always fits."""

    name = "SIZE"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes."""
        if isinstance(value, int):
            return value
        match = re.fullmatch(r"([0-9]{1,15})\s*([kmg]i?|)b?", str(value).strip().lower())
        if match is None:
            self.fail(f"{value!r} is no size such as 64MiB", param, ctx)
        size = int(match[1]) * _UNITS[match[2]]
        if size < 64 * 1024:
            self.fail(f"{value!r} is too small: at least 64KiB", param, ctx)
        return size


SIZE = _SizeType()
