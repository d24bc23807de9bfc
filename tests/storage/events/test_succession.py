"""What a follower is given, whatever a network does to messages."""

from __future__ import annotations

import random

import pytest

from openinteractions.engine.signal_ports import Batch
from openinteractions.storage.events.frames import joined, taken_apart
from openinteractions.storage.events.nats.parts import HEADER, Assembly, cut
from openinteractions.storage.events.succession import Succession, Verdict
from tests.storage.events.log_acceptance import batch, check_order, first

LIMIT = HEADER.size + 7


def test_events_come_apart_as_they_were_joined() -> None:
    for events in ([b"one"], [b"", b"\0\0\0\1", b""], [bytes(70_000), b"x"]):
        assert taken_apart(joined(events)) == events


@pytest.mark.parametrize(
    ("after", "next_one", "verdict"),
    [
        ([], first(), Verdict.NEXT),
        ([], batch(1, 1), Verdict.GAP),
        ([], batch(3, 9, whole=True), Verdict.NEXT),
        ([first()], first(), Verdict.PAST),
        ([first()], batch(1, 2), Verdict.NEXT),
        ([first()], batch(1, 3), Verdict.GAP),
        ([first()], batch(1, 3, whole=True), Verdict.NEXT),
        ([first()], batch(2, 1), Verdict.GAP),
        ([first()], batch(2, 2), Verdict.GAP),
        ([first()], batch(2, 5, whole=True), Verdict.NEXT),
        ([first(), first(2)], batch(1, 2), Verdict.PAST),
        ([first(), first(2)], batch(1, 9, whole=True), Verdict.PAST),
    ],
)
def test_a_batch_comes_next_or_is_past_or_leaves_a_gap(
    after: list[Batch], next_one: Batch, verdict: Verdict
) -> None:
    succession = Succession()
    assert all(succession.judge(one) is Verdict.NEXT for one in after)

    assert succession.judge(next_one) is verdict


def test_parts_become_the_batch_that_was_cut() -> None:
    assembly = Assembly()
    for one in (first(), batch(1, 2), batch(7, 1, whole=True)):
        *begun, last = cut(one, LIMIT)

        assert [assembly.add(part) for part in begun] == [None] * len(begun)
        assert assembly.add(last) == one


def test_messages_of_another_form_are_left_alone() -> None:
    assembly = Assembly()
    (part,) = cut(first(), 1000)

    assert assembly.add(b"") is None
    assert assembly.add(b"\2" + part[1:]) is None
    assert assembly.add(part[: HEADER.size - 1]) is None
    assert assembly.add(part) == first()


@pytest.mark.parametrize("seed", range(200))
def test_a_follower_is_never_given_what_it_may_not_have(seed: int) -> None:
    chance = random.Random(seed)  # noqa: S311 - to repeat a failure
    sent = {
        (epoch, number): batch(epoch, number, whole=chance.random() < 0.2)
        for epoch in (1, 2, 3)
        for number in range(1, 12)
    }
    parts = [part for one in sent.values() for part in cut(one, LIMIT)]
    for _ in range(chance.randrange(60)):
        # Messages are lost, come twice, or early.
        place = chance.randrange(len(parts))
        part = parts.pop(place)
        if chance.random() < 0.7:
            for _ in range(chance.randrange(1, 3)):
                parts.insert(chance.randrange(max(0, place - 4), place + 1), part)
    assembly, succession, given = Assembly(), Succession(), []
    for part in parts:
        one = assembly.add(part)
        if one is not None:
            assert one == sent[one.epoch, one.number]
            if succession.judge(one) is Verdict.NEXT:
                given.append(one)

    if given:
        check_order(given)
