"""What the use cases promise to every face."""

from __future__ import annotations

import asyncio

import pytest
from hypothesis import given

from openinteractions.core.errors import (
    DomainError,
    NotFoundError,
    NotSupportedError,
    PreconditionError,
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
    Signature,
    Spent,
    Text,
    Thought,
)
from openinteractions.engine.store_ports import Record
from openinteractions.storage.memory import MemoryStore
from openinteractions.v1 import interaction_pb2, interaction_service_pb2, usage_pb2
from tests.core.streams import turns
from tests.engine.puppet import Puppet
from tests.engine.rig import Caller, Rig, ask, drain, names, rig

Status = interaction_pb2.InteractionStatus
Get = interaction_service_pb2.GetInteractionRequest
Stream = interaction_service_pb2.StreamInteractionRequest
Cancel = interaction_service_pb2.CancelInteractionRequest
Delete = interaction_service_pb2.DeleteInteractionRequest
List = interaction_service_pb2.ListInteractionsRequest

STOP = Finish(FinishReason.STOP)
USAGE = usage_pb2.Usage(total_tokens=3)


def answering(*texts: str) -> Puppet:
    """Return a model that answers with these texts, one turn each."""
    puppet = Puppet()
    for text in texts:
        puppet.say([Text(text), Spent(USAGE), STOP])
        puppet.say(None)
    return puppet


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


async def test_a_stream_begins_created_and_ends_completed() -> None:
    made = rig(Puppet([Text("Hel")], [Text("lo"), Spent(USAGE), STOP], None))
    events = await drain(made.interactions.stream_create(Caller(), ask()))
    assert names(events) == [
        "created",
        "status_update",
        "step_start",
        "step_delta",
        "step_delta",
        "step_stop",
        "completed",
    ]
    identifier = events[0].created.interaction.id
    assert events[1].status_update.interaction_id == identifier
    completed = events[-1].completed.interaction
    assert completed.id == identifier
    assert completed.usage == USAGE
    assert not completed.steps
    assert len({event.event_id for event in events}) == len(events)


async def test_the_first_event_does_not_wait_for_what_was_read_with_it() -> None:
    read_at_once: list[list[ModelEvent]] = [[Text("a")], [Text("b"), Text("c")], [STOP]]
    made = rig(Puppet(*read_at_once, None))
    stream = made.interactions.stream_create(Caller(), ask())
    async with asyncio.timeout(5):
        batches = [names(batch) async for batch in stream]
    assert batches[:2] == [["created", "status_update"], ["step_start", "step_delta"]]


async def test_a_stream_that_is_not_stored_has_empty_ids_everywhere() -> None:
    made = rig(answering("Hello"))
    events = await drain(made.interactions.stream_create(Caller(), ask(store=False)))
    assert events[0].created.interaction.id == ""
    assert events[0].created.interaction.HasField("id")
    assert events[1].status_update.HasField("interaction_id")
    assert events[-1].completed.interaction.HasField("id")
    assert not any(event.HasField("event_id") for event in events)


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


def previous(identifier: str) -> interaction_service_pb2.CreateInteractionRequest:
    return ask("again", previous_interaction_id=identifier)


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


@pytest.mark.parametrize("store", [True, False])
async def test_a_failure_in_mid_stream_is_an_error_event_and_a_failed_end(
    *, store: bool
) -> None:
    made = rig(Puppet([Text("half")], UpstreamFailedError("broken")))
    request = ask(store=store)
    events = await drain(made.interactions.stream_create(Caller(), request))
    assert names(events)[-4:] == ["step_delta", "step_stop", "error", "completed"]
    assert events[-2].error.error.code == "bad_gateway"
    assert events[-2].error.error.message == "broken"
    completed = events[-1].completed.interaction
    assert completed.status == Status.INTERACTION_STATUS_FAILED
    if store:
        stored = await made.get(completed.id)
        assert stored.status == Status.INTERACTION_STATUS_FAILED
        assert [error.message for error in stored.errors] == ["broken"]
        assert stored.steps[1].model_output.content[0].text.text == "half"
        again = await drain(made.interactions.stream(Caller(), Stream(id=completed.id)))
        assert names(again)[-2:] == ["error", "completed"]


async def test_a_fault_of_our_own_shows_no_internals(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = rig(Puppet([Text("half")], ZeroDivisionError("secret detail")))
    events = await drain(made.interactions.stream_create(Caller(), ask()))
    assert events[-2].error.error.message == "Internal error."
    assert "secret detail" in caplog.text


async def test_a_stream_begins_without_a_model_that_takes_too_long() -> None:
    made = rig(first_event_seconds=0)
    stream = made.interactions.stream_create(Caller(), ask())
    async with asyncio.timeout(5):
        first = await anext(stream)
    assert names(first) == ["created", "status_update"]
    made.puppet.say(UpstreamFailedError("late"))
    assert names(await drain(stream)) == ["error", "completed"]


async def test_a_unary_caller_who_leaves_cancels_the_turn() -> None:
    made = rig()
    task = asyncio.create_task(made.create(ask()))
    await made.puppet.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert made.puppet.closed.is_set()
    page = await made.interactions.list(Caller(), List())
    assert not page.interactions


async def test_a_stored_stream_outlives_its_caller() -> None:
    made = rig(Puppet([Text("a")]))
    stream = made.interactions.stream_create(Caller(), ask())
    identifier = (await anext(stream))[0].created.interaction.id
    await stream.aclose()  # type: ignore[attr-defined]
    running = made.supervisor.find(identifier)
    assert running is not None
    made.puppet.say([Text("b"), STOP])
    made.puppet.say(None)
    async with asyncio.timeout(5):
        await running.task
    stored = await made.get(identifier)
    assert stored.steps[1].model_output.content[0].text.text == "ab"
    assert made.supervisor.find(identifier) is None


async def test_a_stream_that_is_not_stored_ends_with_its_caller() -> None:
    made = rig(Puppet([Text("a")]))
    stream = made.interactions.stream_create(Caller(), ask(store=False))
    await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    assert made.puppet.closed.is_set()


async def test_a_caller_who_leaves_before_the_id_went_out_leaves_nothing() -> None:
    made = rig()
    task = asyncio.create_task(drain(made.interactions.stream_create(Caller(), ask())))
    await made.puppet.called.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    async with asyncio.timeout(5):
        await made.puppet.closed.wait()
    page = await made.interactions.list(Caller(), List())
    assert not page.interactions


async def running_stream(made: Rig) -> str:
    """Start a stream that waits for its model; return its id."""
    stream = made.interactions.stream_create(Caller(), ask())
    batch = await anext(stream)
    await stream.aclose()  # type: ignore[attr-defined]
    return batch[0].created.interaction.id


async def test_a_running_stream_can_be_followed_by_others() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    request = Stream(id=identifier)
    readers = [
        asyncio.create_task(drain(made.interactions.stream(Caller(), request)))
        for _ in range(3)
    ]
    made.puppet.say([Text("b"), STOP])
    made.puppet.say(None)
    streams = await asyncio.gather(*readers)
    assert streams[0] == streams[1] == streams[2]
    cut = Stream(id=identifier, last_event_id=streams[0][3].event_id)
    rest = await drain(made.interactions.stream(Caller(), cut))
    assert fold([*streams[0][:4], *rest]) == fold(streams[0])


async def test_a_finished_interaction_is_replayed_from_any_event() -> None:
    made = rig(answering("Hello"))
    created = await made.create(ask())
    whole = await drain(made.interactions.stream(Caller(), Stream(id=created.id)))
    assert fold(whole) == created
    for place, event in enumerate(whole):
        request = Stream(id=created.id, last_event_id=event.event_id)
        rest = await drain(made.interactions.stream(Caller(), request))
        assert rest == whole[place + 1 :]
    with_input = Stream(id=created.id, include_input=True)
    first = (await drain(made.interactions.stream(Caller(), with_input)))[0]
    assert first.created.interaction.input.text == "hi"


async def test_a_token_of_another_interaction_is_refused() -> None:
    made = rig(answering("a", "b"))
    one, two = await made.create(ask()), await made.create(ask())
    events = await drain(made.interactions.stream(Caller(), Stream(id=one.id)))
    request = Stream(id=two.id, last_event_id=events[0].event_id)
    with pytest.raises(RequestError) as caught:
        await drain(made.interactions.stream(Caller(), request))
    assert caught.value.field == "last_event_id"


async def test_cancel_keeps_the_steps_so_far() -> None:
    made = rig(Puppet([Thought("hm"), Signature("eA=="), Text("half")]))
    identifier = await running_stream(made)
    reader = asyncio.create_task(
        drain(made.interactions.stream(Caller(), Stream(id=identifier)))
    )
    await made.puppet.taken()
    cancelled = await made.interactions.cancel(Caller(), Cancel(id=identifier))
    assert cancelled.status == Status.INTERACTION_STATUS_CANCELLED
    assert cancelled.steps[-1].model_output.content[0].text.text == "half"
    assert names(await reader)[-1] == "completed"
    assert made.puppet.closed.is_set()
    again = await made.interactions.cancel(Caller(), Cancel(id=identifier))
    assert again == cancelled


async def test_an_interaction_that_has_ended_cannot_be_cancelled() -> None:
    made = rig(answering("x"))
    created = await made.create(ask())
    with pytest.raises(PreconditionError, match="its status is completed"):
        await made.interactions.cancel(Caller(), Cancel(id=created.id))


async def test_a_running_interaction_cannot_be_continued() -> None:
    made = rig(Puppet([Text("a")]))
    identifier = await running_stream(made)
    with pytest.raises(PreconditionError, match="in_progress") as caught:
        await made.create(previous(identifier))
    assert caught.value.field == "previous_interaction_id"
    await made.supervisor.close(0)


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
    async with asyncio.timeout(5):
        await made.process.hand_over(0)
    stored = await made.get(identifier)
    assert stored.status == Status.INTERACTION_STATUS_IN_PROGRESS
    assert await made.store.queued() == 1
    assert made.puppet.closed.is_set()
