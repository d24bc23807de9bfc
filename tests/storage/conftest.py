"""What several suites of stores share."""

from collections.abc import Iterator

import pytest

from tests.bucket import S3, seaweed

# So that suites shared by all stores report failures as test modules do.
pytest.register_assert_rewrite(
    "tests.storage.acceptance",
    "tests.storage.claim_acceptance",
    "tests.storage.file_acceptance",
    "tests.storage.object_acceptance",
)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3]:
    """A server with a bucket, for the tests of one process."""
    with seaweed(tmp_path_factory.mktemp("seaweed")) as server:
        yield server
