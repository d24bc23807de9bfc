"""What the use cases promise to every face: create, get, continue, delete, list."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given

from openinteractions.core.errors import (
    DomainError,
    NotFoundError,
    NotSupportedError,
    RequestError,
    UnavailableError,
    UnknownModelError,
    UpstreamFailedError,
)
from openinteractions.core.fold import fold
from openinteractions.core.model_events import (
    CallFragment,
    Finish,
    FinishReason,
    ModelEvent,
    Text,
)
from openinteractions.engine.store_ports import Record
from openinteractions.storage.memory import MemoryStore
from openinteractions.v1 import interaction_pb2, interaction_service_pb2
from tests.clock import WAIT_SECONDS
from tests.core.streams import turns
from tests.engine.answers import STOP, USAGE, answering, previous, running_stream
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, ask, drain, names, rig

Status = interaction_pb2.InteractionStatus
Get = interaction_service_pb2.GetInteractionRequest
Stream = interaction_service_pb2.StreamInteractionRequest
Cancel = interaction_service_pb2.CancelInteractionRequest
Delete = interaction_service_pb2.DeleteInteractionRequest
List = interaction_service_pb2.ListInteractionsRequest


async def test_create_answers_with_the_new_steps_only() -> None:
    made = rig(answering("Hello"))
    request = ask("Hi", system_instruction="Be kind.", labels={"a": "b"})
    interaction = await made.create(request)
    assert interaction.id.startswith("v1_")
    assert interaction.object == "interaction"
    assert interaction.status == Status.INTERACTION_STATUS_COMPLETED
    assert interaction.model == "m"
    assert interaction.usage == USAGE
    assert interaction.system_instruction == "Be kind."
    assert dict(interaction.labels) == {"a": "b"}
    assert interaction.created.ToJsonString() == "2026-05-28T20:26:40Z"
    assert [step.WhichOneof("kind") for step in interaction.steps] == ["model_output"]


async def test_get_is_the_reply_of_create_with_the_input_in_front() -> None:
    made = rig(answering("Hello"))
    created = await made.create(ask("Hi"))
    fetched = await made.get(created.id)
    assert fetched.steps[0].user_input.content[0].text.text == "Hi"
    del fetched.steps[0]
    assert fetched == created
    assert not fetched.HasField("input")
    with_input = await made.interactions.get(
        Caller(), Get(id=created.id, include_input=True)
    )
    assert with_input.input.text == "Hi"


async def test_what_is_not_stored_has_no_id_and_is_nowhere() -> None:
    made = rig(answering("Hello"))
    interaction = await made.create(ask("Hi", store=False))
    assert not interaction.HasField("id")
    page = await made.interactions.list(Caller(), List())
    assert not page.interactions


@given(turns())
def test_stream_unary_and_store_tell_the_same(said: list[ModelEvent]) -> None:
    async def compare() -> None:
        made = rig(Puppet([*said], None, *([event] for event in said), None))
        unary = await made.create(ask())
        events = await drain(made.interactions.stream_create(Caller(), ask()))
        streamed = fold(events)
        stored = await made.get(streamed.id)
        del stored.steps[0]
        assert stored == streamed
        for interaction in (unary, streamed):
            interaction.ClearField("id")
            for step in interaction.steps:
                step.function_call.ClearField("id")
        assert streamed == unary

    asyncio.run(compare())


async def test_a_chain_gives_the_model_the_whole_conversation() -> None:
    made = rig(answering("one", "two", "three"))
    first = await made.create(ask("a", system_instruction="once"))
    second = await made.create(ask("b", previous_interaction_id=first.id))
    third = await made.create(ask("c", previous_interaction_id=second.id))
    assert third.previous_interaction_id == second.id
    said = [
        (step.user_input if step.HasField("user_input") else step.model_output)
        .content[0]
        .text.text
        for step in made.puppet.asked[-1].steps
    ]
    assert said == ["a", "one", "b", "two", "c"]
    assert not made.puppet.asked[-1].request.system_instruction


async def test_one_interaction_may_be_continued_many_times() -> None:
    made = rig(answering("root", "left", "right"))
    root = await made.create(ask("a"))
    for text in ("b", "c"):
        await made.create(ask(text, previous_interaction_id=root.id))
        assert len(made.puppet.asked[-1].steps) == 3


async def test_a_function_result_is_paired_with_the_stored_call() -> None:
    puppet = Puppet([CallFragment(0, "", "f", "{}"), Finish(FinishReason.CALLS)], None)
    puppet.say([Text("done"), STOP])
    puppet.say(None)
    made = rig(puppet)
    first = await made.create(ask())
    assert first.status == Status.INTERACTION_STATUS_REQUIRES_ACTION
    answer = interaction_service_pb2.CreateInteractionRequest(
        model="m", previous_interaction_id=first.id
    )
    result = answer.input.steps.items.add().function_result
    result.call_id = first.steps[0].function_call.id
    result.result.text = "22"
    second = await made.create(answer)
    assert second.status == Status.INTERACTION_STATUS_COMPLETED
    assert puppet.asked[-1].steps[-1].function_result.name == "f"


async def test_ignored_members_are_reported_to_the_caller() -> None:
    made = rig(answering("x"))
    caller = Caller()
    request = ask()
    request.generation_config.seed = 1
    await made.interactions.create(caller, request)
    assert caller.ignored == ["generation_config.seed"]


MISTAKES = [
    (ask(cached_content="x"), NotSupportedError, "cached_content"),
    (previous("v1_nope"), RequestError, "previous_interaction_id"),
    (previous("../x"), RequestError, "previous_interaction_id"),
]


@pytest.mark.parametrize(("request_", "kind", "field"), MISTAKES)
async def test_a_mistake_is_found_before_the_model_is_asked(
    request_: interaction_service_pb2.CreateInteractionRequest,
    kind: type[DomainError],
    field: str,
) -> None:
    made = rig(answering("x"))
    with pytest.raises(kind) as caught:
        await made.create(request_)
    assert caught.value.field == field
    with pytest.raises(kind):
        await drain(made.interactions.stream_create(Caller(), request_))
    assert not made.puppet.asked


async def test_an_unknown_model_is_refused() -> None:
    request = ask()
    request.model = "nope"
    with pytest.raises(UnknownModelError):
        await rig().create(request)


async def test_a_failed_create_stores_nothing() -> None:
    made = rig(Puppet(UpstreamFailedError("broken")))
    with pytest.raises(UpstreamFailedError):
        await made.create(ask())
    page = await made.interactions.list(Caller(), List())
    assert not page.interactions


async def test_a_stream_that_fails_at_once_is_an_error_and_stores_nothing() -> None:
    made = rig(Puppet(UpstreamFailedError("broken")))
    with pytest.raises(UpstreamFailedError):
        await drain(made.interactions.stream_create(Caller(), ask()))
    page = await made.interactions.list(Caller(), List())
    assert not page.interactions


async def test_what_is_deleted_is_gone_and_its_children_go_on() -> None:
    made = rig(answering("one", "two", "three", "four"))
    first = await made.create(ask("a"))
    second = await made.create(ask("b", previous_interaction_id=first.id))
    third = await made.create(ask("c", previous_interaction_id=second.id))
    await made.interactions.delete(Caller(), Delete(id=second.id))
    with pytest.raises(NotFoundError):
        await made.get(second.id)
    with pytest.raises(NotFoundError):
        await made.interactions.delete(Caller(), Delete(id=second.id))
    with pytest.raises(RequestError):
        await made.create(previous(second.id))
    assert (await made.get(third.id)).previous_interaction_id == second.id
    await made.create(ask("d", previous_interaction_id=third.id))
    assert len(made.puppet.asked[-1].steps) == 5


async def test_deleting_a_running_interaction_stops_it() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    await made.interactions.delete(Caller(), Delete(id=identifier))
    assert made.puppet.closed.is_set()
    with pytest.raises(NotFoundError):
        await made.get(identifier)


async def test_another_owners_interaction_does_not_exist() -> None:
    made = rig(answering("x"))
    created = await made.interactions.create(Caller("me"), ask())
    other = Caller("you")
    use = made.interactions
    for call in (
        use.get(other, Get(id=created.id)),
        use.cancel(other, Cancel(id=created.id)),
        use.delete(other, Delete(id=created.id)),
        drain(use.stream(other, Stream(id=created.id))),
    ):
        with pytest.raises(NotFoundError):
            await call
    with pytest.raises(RequestError):
        await use.create(other, previous(created.id))
    assert not (await use.list(other, List())).interactions


async def test_lists_come_in_pages_newest_first_without_steps() -> None:
    made = rig(answering(*"abcde"))
    made_ids = []
    for _ in range(5):
        made.clock.seconds += 1
        made_ids.append((await made.create(ask())).id)
    listed: list[str] = []
    token = ""
    sizes = []
    while True:
        page = await made.interactions.list(
            Caller(), List(page_size=2, page_token=token)
        )
        assert not any(each.steps for each in page.interactions)
        listed += [each.id for each in page.interactions]
        sizes.append(len(page.interactions))
        token = page.next_page_token
        if not page.HasField("next_page_token"):
            break
    assert listed == made_ids[::-1]
    assert sizes == [2, 2, 1]


@pytest.mark.parametrize(
    ("request_", "field"),
    [
        (List(page_size=0), "page_size"),
        (List(page_size=101), "page_size"),
        (List(page_token="x"), "page_token"),
    ],
)
async def test_a_wrong_page_is_refused(
    request_: interaction_service_pb2.ListInteractionsRequest, field: str
) -> None:
    with pytest.raises(RequestError) as caught:
        await rig().interactions.list(Caller(), request_)
    assert caught.value.field == field


class FullStore(MemoryStore):
    """A store that takes new rows but not their end."""

    async def update(self, record: Record, epoch: int) -> bool:
        raise UnavailableError("The store is full.")


async def test_an_end_that_cannot_be_stored_is_not_acknowledged() -> None:
    made = rig(answering("x"), store=FullStore())
    events = await drain(made.interactions.stream_create(Caller(), ask()))
    assert names(events)[-1] == "error"
    assert events[-1].error.error.code == "unavailable"
    stored = await made.get(events[0].created.interaction.id)
    assert stored.status == Status.INTERACTION_STATUS_IN_PROGRESS


async def test_closing_leaves_what_still_runs_to_others() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    running = made.supervisor.find(identifier)
    assert running is not None
    async with asyncio.timeout(WAIT_SECONDS):
        await made.process.hand_over(0)
    stored = await made.get(identifier)
    assert stored.status == Status.INTERACTION_STATUS_IN_PROGRESS
    assert await made.store.queued() == 1
    assert made.puppet.closed.is_set()
