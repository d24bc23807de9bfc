"""What is kept of an upload into a bucket."""

from __future__ import annotations

import pytest

from openinteractions.core.errors import PreconditionError
from openinteractions.engine.file_ports import Partial
from openinteractions.storage.objects.progress import LANES, Progress
from openinteractions.storage.objects.s3 import PART_BYTES

MAX_NUMBER = 10_000
"""S3 knows no higher number of a part."""

LARGEST = 10 * 10**9
"""The largest file that configuration allows with a bucket."""


def test_what_was_kept_is_understood_again() -> None:
    progress = Progress(upload="u", stale=("old",)).with_piece("p", 5)
    progress = progress.with_part(3, "tag", 9).with_piece("q", 2)

    assert Progress.of(progress.kept()) == progress
    assert progress.kept().size == 11
    assert progress.stale == ("old", "p")
    assert Progress.of(Partial()) == Progress()


@pytest.mark.parametrize(
    "partial",
    [
        Partial(5, ""),
        Partial(0, "1"),
        Partial(5, "not json"),
        Partial(5, '{"pieces": [["a", "five"]]}'),
        Partial(5, Progress().with_piece("p", 4).kept().progress),
    ],
)
def test_progress_of_other_bytes_is_refused(partial: Partial) -> None:
    with pytest.raises(PreconditionError):
        Progress.of(partial)


def test_neighbouring_writers_never_send_a_part_under_one_number() -> None:
    progress = Progress()
    seen: set[int] = set()
    for at in range(3):
        numbers = [progress.number(epoch) for epoch in range(7, 7 + LANES)]
        assert len(set(numbers)) == LANES
        assert seen.isdisjoint(numbers)
        assert not seen or min(numbers) > max(seen)
        seen.update(numbers)
        progress = progress.with_part(numbers[at], "tag", PART_BYTES)


def test_the_numbers_are_enough_for_the_largest_file() -> None:
    parts = -(-LARGEST // PART_BYTES)
    progress = Progress(parts=((1, "tag"),) * (parts - 1))

    assert max(progress.number(epoch) for epoch in range(LANES)) <= MAX_NUMBER
