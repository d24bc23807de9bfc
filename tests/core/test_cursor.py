"""Event ids: opaque tokens that know their place and their interaction."""

from __future__ import annotations

import pytest

from openinteractions.core import cursor
from openinteractions.core.cursor import Cursor, Place
from openinteractions.core.errors import RequestError


def test_a_token_gives_its_place_back() -> None:
    token = cursor.encode(cursor.prefix("v1_a", 2), 3, Place.DELTA, 41)
    assert cursor.decode(token, "v1_a") == Cursor(2, 3, Place.DELTA, 41)


def test_places_are_ordered_as_events_are() -> None:
    places = [
        Cursor(0, 0, Place.CREATED, 0),
        Cursor(0, 0, Place.STATUS, 0),
        Cursor(0, 0, Place.START, 0),
        Cursor(0, 0, Place.DELTA, 5),
        Cursor(0, 0, Place.DELTA, 11),
        Cursor(0, 0, Place.STOP, 0),
        Cursor(0, 1, Place.START, 0),
        Cursor(0, cursor.END, Place.ERROR, 0),
        Cursor(0, cursor.END, Place.COMPLETED, 0),
    ]
    assert sorted(places) == places


@pytest.mark.parametrize(
    "token",
    [
        "",
        "1",
        "e1",
        cursor.encode(cursor.prefix("v1_b"), 0, Place.STOP),
        cursor.encode(cursor.prefix("v1_a"), 0, Place.STOP) + "0x",
        "x" * 10_000,
    ],
)
def test_what_is_no_token_of_the_interaction_is_refused_by_name(token: str) -> None:
    with pytest.raises(RequestError) as caught:
        cursor.decode(token, "v1_a")
    assert caught.value.field == "last_event_id"
    assert len(caught.value.message) < 200
