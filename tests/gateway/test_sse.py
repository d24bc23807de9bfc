"""The framing of events (contract §6.1)."""

from __future__ import annotations

from typing import Any

import orjson
import pytest

from openinteractions.gateway.sse import DONE, KEEP_ALIVE, frame, frames

FRAMED: list[tuple[dict[str, Any], bytes]] = [
    (
        {"event_type": "step.stop", "index": 0},
        b'event: step.stop\ndata: {"event_type":"step.stop","index":0}\n\n',
    ),
    (
        {"event_type": "a", "text": "1\n2\r\u2028\u0085é"},
        b'event: a\ndata: {"event_type":"a","text":"1\\n2\\r'
        + '\u2028\u0085é"}\n\n'.encode(),
    ),
    (
        {"event_type": "a", "json": orjson.Fragment(b'{"b": 1}')},
        b'event: a\ndata: {"event_type":"a","json":{"b": 1}}\n\n',
    ),
]


@pytest.mark.parametrize(("event", "block"), FRAMED)
def test_an_event_is_one_block_of_two_lines(
    event: dict[str, Any], block: bytes
) -> None:
    assert frame(event) == block


def test_events_are_blocks_in_order() -> None:
    events = [event for event, _ in FRAMED]

    assert frames(events) == b"".join(block for _, block in FRAMED)
    assert frames([]) == b""


def test_the_other_blocks_are_as_the_contract_says() -> None:
    assert DONE == b"event: done\ndata: [DONE]\n\n"
    assert KEEP_ALIVE == b": keep-alive\n\n"
