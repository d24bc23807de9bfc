"""The interaction that create gives: members, ids, usage (contract §3)."""

from __future__ import annotations

import datetime as dt
import re

from tests.sdk.python import shapes
from tests.sdk.python.case import Case
from tests.sdk.python.registry import LEGACY, behaviour


@behaviour("§3")
async def the_reply_has_the_documented_members(c: Case) -> None:
    model = c.model("hello")
    made = await c.create(model=model, input="Hi")
    assert made.status == "completed"
    assert made.model == model
    assert made.id
    (raw,) = [exchange for exchange in c.wire if exchange.method == "POST"]
    assert raw.status == 200


@behaviour("§3")
async def the_times_are_whole_seconds_in_utc(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    for told in (made.created, made.updated):
        # SDKs of the second generator leave the text as it came.
        if isinstance(told, str):
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", told), told
            continue
        assert told.utcoffset() == dt.timedelta(0)
        assert told.microsecond == 0


@behaviour("ids", "ask-23")
async def every_interaction_has_an_id_of_its_own(c: Case) -> None:
    first = await c.create(model=c.model("hello"), input="Hi")
    second = await c.create(
        model=c.model("hello"), input="Again", previous_interaction_id=first.id
    )
    assert first.id != second.id
    for name in (first.id, second.id):
        assert re.fullmatch(r"[A-Za-z0-9._~-]+", name), name


@behaviour("§1.6")
async def success_is_200_with_json(c: Case) -> None:
    made = await c.create(model=c.model("hello"), input="Hi")
    await c.get(made.id)
    await c.delete(made.id)
    for exchange in c.wire:
        assert exchange.status == 200
        content_type = exchange.reply["content-type"].partition(";")[0]
        assert content_type == "application/json"


@behaviour("§1.6")
async def a_raw_response_has_its_headers(c: Case) -> None:
    raw = await c.create_raw(model=c.model("hello"), input="Hi")
    assert raw.headers["content-type"].startswith("application/json")
    assert raw.headers["x-request-id"]
    made = raw.parse()
    made = await made if hasattr(made, "__await__") else made
    assert shapes.text(made) == "Hello."


@behaviour(
    "§8.1",
    cannot={
        LEGACY: "has no output_text (contract §8.1)",
        ("2.0.0",): "has no output_text (contract §8.1)",
    },
)
async def output_text_is_the_answer(c: Case) -> None:
    made = await c.create(model=c.model("reason"), input="Hi")
    assert made.output_text == "The answer."
    found = await c.get(made.id)
    assert found.output_text == "The answer."


@behaviour("§3")
async def an_empty_answer_is_completed(c: Case) -> None:
    made = await c.create(model=c.model("empty"), input="Hi")
    assert made.status == "completed"
    assert shapes.text(made) == ""


@behaviour("incomplete")
async def the_token_limit_makes_it_incomplete(c: Case) -> None:
    made = await c.create(model=c.model("length"), input="Hi")
    assert made.status == "incomplete"
    assert shapes.text(made) == "Cut sho"
    found = await c.get(made.id)
    assert (found.status, shapes.text(found)) == ("incomplete", "Cut sho")


@behaviour("incomplete", "§6.2")
async def the_token_limit_makes_a_stream_incomplete(c: Case) -> None:
    heard = await c.stream(model=c.model("length"), input="Hi")
    assert heard.completed.status == "incomplete"
    assert heard.text == "Cut sho"


@behaviour("usage")
async def usage_is_counted_in_full(c: Case) -> None:
    spent = (await c.create(model=c.model("usage"), input="Hi")).usage
    assert spent.total_input_tokens == 100
    assert spent.total_output_tokens == 30
    assert spent.total_cached_tokens == 40
    assert spent.total_tokens == 150
    # 1.55 has an older name for it (contract §3).
    name = "reasoning" if c.version == "1.55.0" else "thought"
    assert getattr(spent, f"total_{name}_tokens") == 20


@behaviour("usage")
async def usage_is_counted_by_modality(c: Case) -> None:
    spent = (await c.create(model=c.model("usage"), input="Hi")).usage
    for found, tokens in (
        (spent.input_tokens_by_modality, 100),
        (spent.output_tokens_by_modality, 30),
        (spent.cached_tokens_by_modality, 40),
    ):
        (entry,) = found
        assert (entry.modality, entry.tokens) == ("text", tokens)


@behaviour("usage")
async def usage_is_the_same_in_get(c: Case) -> None:
    made = await c.create(model=c.model("usage"), input="Hi")
    found = await c.get(made.id)
    assert shapes.plain(found.usage) == shapes.plain(made.usage) or (
        # Newer SDKs note on the reply of create what they asked for themselves.
        shapes.plain(found.usage) | {"initial_input_tokens": 100}
        == shapes.plain(made.usage) | {"initial_input_tokens": 100}
    )


@behaviour("usage")
async def a_backend_that_counts_nothing_is_fine(c: Case) -> None:
    made = await c.create(model=c.model("no-usage"), input="Hi")
    assert (made.status, shapes.text(made)) == ("completed", "Free.")


@behaviour("usage", "ask-14")
async def usage_stands_in_the_terminal_event(c: Case) -> None:
    heard = await c.stream(model=c.model("usage"), input="Hi")
    spent = heard.completed.usage
    assert spent.total_input_tokens == 100
    assert spent.total_output_tokens == 30
    assert spent.total_cached_tokens == 40
    name = "reasoning" if c.version == "1.55.0" else "thought"
    assert getattr(spent, f"total_{name}_tokens") == 20
    assert spent.total_tokens == 150


@behaviour("§3", "§6.2")
async def a_refusal_of_the_model_is_its_answer(c: Case) -> None:
    made = await c.create(model=c.model("refuse"), input="Hi")
    assert made.status == "completed"
    assert shapes.text(made) == "I will not."
