"""What tests of several kinds share."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from tests.postgres import shared


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The URL of a PostgreSQL server, for the tests of all processes."""
    place = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        place = place.parent
    with shared(place) as url:
        yield url
