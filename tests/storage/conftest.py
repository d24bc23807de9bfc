"""Lets the suite that all stores share report failures as test modules do."""

import pytest

pytest.register_assert_rewrite("tests.storage.acceptance")
