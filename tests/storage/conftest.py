"""Lets the suites that all stores share report failures as test modules do."""

import pytest

pytest.register_assert_rewrite(
    "tests.storage.acceptance",
    "tests.storage.file_acceptance",
    "tests.storage.object_acceptance",
)
