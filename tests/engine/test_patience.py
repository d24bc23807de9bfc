"""How long is waited before a model is asked again."""

from __future__ import annotations

import pytest

from openinteractions.core.errors import (
    BackendError,
    ContentBlockedError,
    InternalError,
    UpstreamCredentialsError,
    UpstreamFailedError,
    UpstreamQuotaError,
    UpstreamRateLimitedError,
    UpstreamRefusedError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
)
from openinteractions.engine.patience import LONGEST, PAUSES, pause

PASSING = [
    UpstreamFailedError,
    UpstreamRateLimitedError,
    UpstreamTimeoutError,
    UpstreamUnreachableError,
]
LASTING = [
    BackendError,
    ContentBlockedError,
    InternalError,
    UpstreamCredentialsError,
    UpstreamQuotaError,
    UpstreamRefusedError,
]


@pytest.mark.parametrize("kind", PASSING)
def test_what_passes_is_waited_for_longer_each_time(
    kind: type[BackendError],
) -> None:
    pauses = [pause(kind("x"), failures) for failures in range(len(PAUSES))]
    for wanted, found in zip(PAUSES, pauses, strict=True):
        assert found is not None
        assert wanted <= found <= wanted * 1.25
    assert pause(kind("x"), len(PAUSES)) is None


@pytest.mark.parametrize("kind", LASTING)
def test_what_lasts_is_not_tried_again(kind: type[Exception]) -> None:
    assert pause(kind("x"), 0) is None


def test_a_server_may_say_when_to_come_back_if_that_is_soon() -> None:
    found = pause(UpstreamRateLimitedError("x", retry_after=30), 0)
    assert found is not None
    assert found >= 30
    late = UpstreamRateLimitedError("x", retry_after=LONGEST + 1)
    assert pause(late, 0) is None
