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
