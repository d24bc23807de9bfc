"""The sizes of images: aspect ratios and the words of the contract, as pixels."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

WORDS = {"512": 512, "1k": 1024, "2k": 2048, "4k": 4096}
"""The side of a square image of each size."""

_SIDE = 1024
_STEP = 16
"""Generators make images whose sides are multiples of this."""

_RATIO_SLACK = math.log(1.05)
_AREA_SLACK = math.log(2.1)

_USUAL = {(1, 1): "1024x1024", (3, 2): "1536x1024", (2, 3): "1024x1536"}
"""The sizes that the Images API has always had, which not every server goes beyond."""


def ratio(text: str) -> tuple[int, int] | None:
    """Return an aspect ratio as two numbers without a common divisor."""
    found = re.fullmatch(r"\s*([0-9]{1,4})\s*:\s*([0-9]{1,4})\s*", text)
    if found is None or not int(found[1]) or not int(found[2]):
        return None
    width, height = int(found[1]), int(found[2])
    divisor = math.gcd(width, height)
    return width // divisor, height // divisor


def fitting(shape: tuple[int, int], sizes: Sequence[str]) -> list[str]:
    """Return those of the sizes that have an aspect ratio, nearly."""
    wanted = math.log(shape[0] / shape[1])
    return [
        size
        for size in sizes
        if abs(math.log(_sides(size)[0] / _sides(size)[1]) - wanted) < _RATIO_SLACK
    ]


def nearest(side: int, sizes: Sequence[str]) -> str | None:
    """Return the size whose area is that of a square; None when none is near."""

    def distance(size: str) -> float:
        width, height = _sides(size)
        return abs(math.log(width * height / side**2))

    best = min(sizes, key=distance)
    return best if distance(best) < _AREA_SLACK else None


def computed(shape: tuple[int, int], side: int | None) -> str:
    """Return the size of an aspect ratio, with the area of a square."""
    if side in (None, _SIDE) and shape in _USUAL:
        return _USUAL[shape]
    stretch = math.sqrt(shape[0] / shape[1])
    width, height = (side or _SIDE) * stretch, (side or _SIDE) / stretch
    return f"{_rounded(width)}x{_rounded(height)}"


def _rounded(length: float) -> int:
    return max(_STEP, round(length / _STEP) * _STEP)


def _sides(size: str) -> tuple[int, int]:
    width, _, height = size.partition("x")
    return int(width), int(height)
