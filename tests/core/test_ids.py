"""Identifiers keep their form and the order of their times."""

from __future__ import annotations

import re

from hypothesis import given
from hypothesis import strategies as st

from openinteractions.core import ids

_times = st.integers(0, 2**48 - 1)
_entropy = st.binary(min_size=10, max_size=10)


@given(_times, _entropy, _times, _entropy)
def test_ids_are_ordered_by_time(a: int, b: bytes, c: int, d: bytes) -> None:
    first, second = ids.interaction_id(a, b), ids.interaction_id(c, d)
    if a < c:
        assert first < second
    assert ids.is_interaction_id(first)
    assert (first == second) == ((a, b) == (c, d))


@given(st.binary(min_size=4, max_size=4))
def test_call_ids_are_eight_lower_case_alphanumerics(entropy: bytes) -> None:
    assert re.fullmatch(r"[a-z0-9]{8}", ids.call_id(entropy))


def test_other_texts_are_no_ids() -> None:
    good = ids.interaction_id(1, bytes(10))
    for text in ("", "v1_", good + "0", good[:-1], good.upper(), good + "\n"):
        assert not ids.is_interaction_id(text)


@given(
    _times,
    st.binary(min_size=9, max_size=9),
    _times,
    st.binary(min_size=9, max_size=9),
)
def test_file_ids_are_ordered_by_time(a: int, b: bytes, c: int, d: bytes) -> None:
    first, second = ids.file_id(a, b), ids.file_id(c, d)
    if a < c:
        assert first < second
    assert ids.is_file_id(first)
    # Clients cut what is no lower-case alphanumeric out of a file's address.
    assert re.fullmatch(r"[a-z0-9]{1,40}", first)


def test_ids_of_other_services_are_no_file_ids() -> None:
    good = ids.file_id(1_800_000_000_000, bytes(range(9)))
    for place, character in enumerate(good):
        other = "0" if character != "0" else "1"
        assert not ids.is_file_id(good[:place] + other + good[place + 1 :])
    for text in ("", "abc123", good.upper(), good + "0", good[:-1], good + "\n"):
        assert not ids.is_file_id(text)


def test_a_uri_is_ours_when_it_ends_with_the_id_of_a_file_whatever_its_host() -> None:
    good = ids.file_id(1_800_000_000_000, bytes(range(9)))
    for uri in (
        f"https://host.example/v1beta/files/{good}",
        f"http://127.0.0.1:8080/v1/files/{good}",
        f"https://host.example/base//v1beta/files/{good}?key=x#part",
        f"https://host.example/v1beta/files/{good}:download?alt=media",
    ):
        assert ids.file_id_of(uri) == good
    for uri in (
        "https://generativelanguage.googleapis.com/v1beta/files/abc-123",
        f"https://host.example/v1beta/files/{good}/more",
        f"https://host.example/v1beta/notfiles/{good}",
        f"https://host.example/?path=/files/{good}",
        f"files/{good}",
        good,
        "http://[broken/files/" + good,
        "",
    ):
        assert ids.file_id_of(uri) is None


def test_an_upload_is_stored_under_a_digest_of_its_id() -> None:
    upload = ids.upload_id(bytes(range(32)))
    key = ids.upload_key(upload)

    assert key is not None
    assert upload not in key
    assert re.fullmatch(r"[0-9a-f]{64}", key)
    assert key != ids.upload_key(ids.upload_id(bytes(32)))
    for text in ("", upload + "A", upload[:-1], "ü" * 43, upload[:-1] + "/"):
        assert ids.upload_key(text) is None
