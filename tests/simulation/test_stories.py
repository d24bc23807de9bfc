"""Every method of the store may fail once, before or after its effect, anywhere.

A story is told again and again; each time the next method fails, until none is left.
"""

from __future__ import annotations

import pytest

from tests.simulation.stories import STORIES, tell

MOST = 200


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
@pytest.mark.parametrize("processes", [1, 2])
@pytest.mark.parametrize("name", STORIES)
def test_a_story_goes_well_wherever_the_store_fails(
    name: str, processes: int, *, after: bool
) -> None:
    struck = 0
    while tell(name, processes=processes, fails_at=struck + 1, fails_after=after):
        struck += 1
        assert struck < MOST, "the story does not come to an end"
    assert struck > 2
