"""Keys and owners."""

from __future__ import annotations

import pytest

from openinteractions.core.errors import UnauthenticatedError
from openinteractions.rpc.authentication import Authentication

KEYS = ("first", "sécond")


def owner(**metadata: str) -> str:
    names = {name.replace("_", "-"): value for name, value in metadata.items()}
    return Authentication(KEYS).owner(names)


def test_without_authentication_any_key_is_the_same_owner() -> None:
    anybody = Authentication(None)

    assert anybody.owner({}) == anybody.owner({"x-goog-api-key": "first"}) == ""


def test_a_key_is_the_same_owner_wherever_it_is_shown() -> None:
    first = owner(x_goog_api_key="first")

    assert first == owner(key="first")
    assert first == owner(authorization="Bearer first")
    assert first == owner(authorization="bearer  first ")
    assert first == Authentication(["other", "first"]).owner({"key": "first"})


def test_keys_are_different_owners_and_not_part_of_them() -> None:
    first, second = owner(key="first"), owner(key="sécond")

    assert first != second
    assert "first" not in first
    assert first.isascii()


def test_one_good_key_is_enough() -> None:
    proxied = owner(x_goog_api_key="a dummy", authorization="Bearer first")

    assert proxied == owner(key="first")
    assert proxied == owner(x_goog_api_key="a dummy", key="first")


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"key": ""},
        {"key": "First"},
        {"key": "firstfirst"},
        {"authorization": "first"},
        {"authorization": "Bearer "},
        {"authorization": "Basic first"},
        {"x_goog_api_key": "Bearer first"},
        {"x_goog_user_project": "first"},
        {"key": "sécond".encode("latin-1").decode("utf-8", "surrogateescape")},
        {"key": "first\ud800"},
    ],
)
def test_anything_else_is_refused(metadata: dict[str, str]) -> None:
    with pytest.raises(UnauthenticatedError) as caught:
        owner(**metadata)

    assert "irst" not in caught.value.message


def test_no_keys_accept_nobody() -> None:
    with pytest.raises(UnauthenticatedError):
        Authentication([]).owner({"key": ""})
