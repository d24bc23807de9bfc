"""The example that comes with the server: it loads, and it is complete."""

from __future__ import annotations

import re
from pathlib import Path

import msgspec
import pytest

from openinteractions.config import (
    Agent,
    Auth,
    Egress,
    Endpoint,
    Events,
    Model,
    Profile,
    Server,
    Store,
    load,
    unset_variables,
)
from tests.config.texts import loaded

EXAMPLE = Path(__file__).parents[2] / "openinteractions.example.toml"


def test_the_example_loads() -> None:
    config = load(EXAMPLE, environ={})

    assert set(config.models) == {"gemini-2.5-flash", "*"}
    assert unset_variables(config) == []


COMMENTED = re.compile(r"^# (\w+ = .*)$", re.MULTILINE)


def test_the_defaults_that_the_example_shows_are_the_defaults() -> None:
    text = EXAMPLE.read_text("utf-8")

    def uncommented(found: re.Match[str]) -> str:
        return found[0] if "# example" in found[1] else found[1]

    assert COMMENTED.sub(uncommented, text) != text
    assert loaded(COMMENTED.sub(uncommented, text)) == msgspec.structs.replace(
        load(EXAMPLE, environ={}), source="oi.toml", models_source="oi.toml"
    )


@pytest.mark.parametrize(
    "table", [Server, Auth, Store, Events, Egress, Endpoint, Agent, Model, Profile]
)
def test_the_example_has_every_setting(table: type[msgspec.Struct]) -> None:
    text = EXAMPLE.read_text("utf-8")
    documented = set(re.findall(r"^(?:# )?(\w+) = ", text, re.MULTILINE))
    documented |= {"profile"} if ".profile]" in text else set()

    assert set(table.__struct_fields__) <= documented
