"""What tests of several kinds share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from tests.postgres import shared

# So that suites shared by all stores report failures as test modules do; before any
# of them is imported, from wherever that is.
pytest.register_assert_rewrite(
    "tests.storage.acceptance",
    "tests.storage.claim_acceptance",
    "tests.storage.conversation_acceptance",
    "tests.storage.end_acceptance",
    "tests.storage.file_acceptance",
    "tests.storage.object_acceptance",
    "tests.storage.queue_acceptance",
)

# How long an example takes says more about the machine than about the code. Where a
# slow one is an error, a second, faster look at it makes Hypothesis speak of
# inconsistent data.
settings.register_profile(
    "timeless",
    settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("timeless")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server, for the tests of all processes."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with shared(place) as url:
        yield url
