"""Which breaks with a release the changelog allows."""

from __future__ import annotations

import pytest

from scripts.buf import named, unreleased

CHANGELOG = """\
# Changelog

Breaks are named below.

## [Unreleased]

### Changed

- `Usage.total` is `Usage.total_tokens`.

## [0.1.0] - 2026-01-01

- `Step.kind` is new.
"""


def test_the_unreleased_section_ends_at_the_next_release() -> None:
    assert unreleased(CHANGELOG) == (
        "\n\n### Changed\n\n- `Usage.total` is `Usage.total_tokens`.\n\n"
    )


@pytest.mark.parametrize(
    "text", ["", "# Changelog\n", "# Changelog\n\n## [0.1.0]\n- x"]
)
def test_without_an_unreleased_section_there_are_no_notes(text: str) -> None:
    assert unreleased(text) == ""


DELETED = (
    'Previously present field "2" with name "total" on message "Usage" was deleted.'
)
RENAMED = 'Field "2" on message "Usage" changed name from "total" to "total_tokens".'
RETYPED = 'Field "1" with name "kind" on message "Step" changed type from "a" to "b".'
REMOVED = 'Previously present RPC "GetThing" on service "ThingService" was deleted.'


@pytest.mark.parametrize(
    ("message", "allowed"),
    [
        pytest.param(DELETED, True, id="field deleted"),
        pytest.param(RENAMED, True, id="field renamed"),
        pytest.param(RETYPED, False, id="only named by an older release"),
        pytest.param(REMOVED, False, id="not named at all"),
        pytest.param("Something else.", False, id="without a name"),
    ],
)
def test_a_break_is_named_when_each_of_its_elements_is(
    message: str, *, allowed: bool
) -> None:
    assert named(message, unreleased(CHANGELOG)) is allowed


def test_a_longer_name_is_another_name() -> None:
    assert not named('message "Usage" was deleted', "`UsageSummary` is gone")
