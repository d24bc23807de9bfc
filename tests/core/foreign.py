"""Streams as other servers send them: every kind of step and delta, in any mixture."""

from __future__ import annotations

from hypothesis import strategies as st

from openinteractions.core import cursor
from openinteractions.core.cursor import Place
from openinteractions.core.extent import Extent
from openinteractions.v1 import (
    annotation_pb2,
    content_pb2,
    delta_pb2,
    event_pb2,
    interaction_pb2,
    search_step_pb2,
    step_pb2,
    tool_step_pb2,
)
from tests.core.streams import FORMATS, ID

Event = event_pb2.InteractionEvent
Delta = delta_pb2.Delta
Step = step_pb2.Step

_words = st.text(max_size=5)
_bytes = st.binary(max_size=7)


@st.composite
def _media(draw: st.DrawFn) -> content_pb2.Content:
    content = content_pb2.Content()
    content.CopyFrom(draw(st.sampled_from(FORMATS)))
    medium = getattr(content, content.WhichOneof("kind") or "")
    match draw(st.sampled_from(["further", "whole", "uri"])):
        case "further":
            medium.ClearField("mime_type")
            medium.data = draw(_bytes)
        case "whole":
            medium.data = draw(_bytes)
        case "uri":
            medium.uri = "https://example.com/m"
    return content


_texts = st.builds(
    lambda text: Delta(text=delta_pb2.TextDelta(text=text)), _words.filter(bool)
)
_notes = st.lists(_words, min_size=1, max_size=2).map(
    lambda urls: Delta(
        text_annotation_delta=delta_pb2.TextAnnotationDelta(
            annotations=[
                annotation_pb2.Annotation(
                    url_citation=annotation_pb2.UrlCitation(url=url)
                )
                for url in urls
            ]
        )
    )
)


def _said(content: content_pb2.Content) -> Delta:
    kind = content.WhichOneof("kind") or ""
    return Delta(**{kind: getattr(content, kind)})


def _summary(content: content_pb2.Content) -> Delta:
    return Delta(thought_summary=delta_pb2.ThoughtSummaryDelta(content=content))


_unknown = st.just(Delta(other='{"type":"smell","of":"hay"}'))
_answers = st.one_of(_texts, _notes, _media().map(_said), _unknown)
_thoughts = st.one_of(
    _words.filter(bool).map(
        lambda text: _summary(
            content_pb2.Content(text=content_pb2.TextContent(text=text))
        )
    ),
    _media().map(_summary),
)
_SIGNED = Delta(thought_signature=delta_pb2.ThoughtSignatureDelta(signature="c2ln"))

TOOLS: list[tuple[Step, Delta]] = [
    (
        Step(google_search_call=search_step_pb2.GoogleSearchCallStep(id="a")),
        Delta(
            google_search_call=search_step_pb2.GoogleSearchCallStep(
                arguments=search_step_pb2.SearchArguments(queries=["q"]),
                signature="c2ln",
            )
        ),
    ),
    (
        Step(
            google_search_result=search_step_pb2.GoogleSearchResultStep(
                call_id="a", signature=""
            )
        ),
        Delta(
            google_search_result=search_step_pb2.GoogleSearchResultStep(
                result=[search_step_pb2.GoogleSearchResult(url="u")], signature="c2ln"
            )
        ),
    ),
    (
        Step(url_context_call=tool_step_pb2.UrlContextCallStep(id="a")),
        Delta(
            url_context_call=tool_step_pb2.UrlContextCallStep(
                arguments=tool_step_pb2.UrlContextArguments(urls=["u", "v"])
            )
        ),
    ),
    (
        Step(url_context_result=tool_step_pb2.UrlContextResultStep(call_id="a")),
        Delta(
            url_context_result=tool_step_pb2.UrlContextResultStep(
                result=[tool_step_pb2.UrlContextResult(url="u", status="paywall")]
            )
        ),
    ),
    (
        Step(code_execution_call=tool_step_pb2.CodeExecutionCallStep(id="a")),
        Delta(
            code_execution_call=tool_step_pb2.CodeExecutionCallStep(
                arguments=tool_step_pb2.CodeExecutionArguments(code="1")
            )
        ),
    ),
    (
        Step(code_execution_result=tool_step_pb2.CodeExecutionResultStep(call_id="a")),
        Delta(
            code_execution_result=tool_step_pb2.CodeExecutionResultStep(
                result=tool_step_pb2.ToolResult(text="1"), is_error=False
            )
        ),
    ),
    (
        Step(google_maps_call=search_step_pb2.GoogleMapsCallStep(id="a")),
        Delta(
            google_maps_call=search_step_pb2.GoogleMapsCallStep(
                arguments=search_step_pb2.SearchArguments(queries=["q"])
            )
        ),
    ),
    (
        Step(google_maps_result=search_step_pb2.GoogleMapsResultStep(call_id="a")),
        Delta(
            google_maps_result=search_step_pb2.GoogleMapsResultStep(
                result=[search_step_pb2.GoogleMapsResult(widget_context_token="t")]
            )
        ),
    ),
    (
        Step(file_search_call=search_step_pb2.FileSearchCallStep(id="a")),
        Delta(file_search_call=search_step_pb2.FileSearchCallStep(signature="c2ln")),
    ),
    (
        Step(file_search_result=search_step_pb2.FileSearchResultStep(call_id="a")),
        Delta(
            file_search_result=search_step_pb2.FileSearchResultStep(result='[{"a":1}]')
        ),
    ),
    (
        Step(
            mcp_server_tool_call=tool_step_pb2.McpServerToolCallStep(
                id="a", name="n", server_name="s"
            )
        ),
        Delta(
            mcp_server_tool_call=tool_step_pb2.McpServerToolCallStep(
                name="n", server_name="s", arguments='{"x":1}'
            )
        ),
    ),
    (
        Step(mcp_server_tool_result=tool_step_pb2.McpServerToolResultStep(call_id="a")),
        Delta(
            mcp_server_tool_result=tool_step_pb2.McpServerToolResultStep(
                result=tool_step_pb2.ToolResult(json='{"x":1}'), name="n"
            )
        ),
    ),
    (
        Step(function_result=step_pb2.FunctionResultStep(call_id="a", signature="c2l")),
        Delta(
            function_result=delta_pb2.FunctionResultDelta(
                result=tool_step_pb2.ToolResult(text="r"), is_error=True
            )
        ),
    ),
    (
        Step(retrieval_call=search_step_pb2.RetrievalCallStep(id="a")),
        Delta(
            retrieval_call=search_step_pb2.RetrievalCallStep(retrieval_type="rag_store")
        ),
    ),
    (
        Step(retrieval_result=search_step_pb2.RetrievalResultStep(call_id="a")),
        Delta(retrieval_result=search_step_pb2.RetrievalResultStep(is_error=True)),
    ),
    (
        Step(processing_call=tool_step_pb2.ProcessingCallStep(id="a")),
        Delta(processing_call=tool_step_pb2.ProcessingCallStep(rest='{"new":1}')),
    ),
    (
        Step(processing_result=tool_step_pb2.ProcessingResultStep(call_id="a")),
        Delta(processing_result=tool_step_pb2.ProcessingResultStep(signature="c2ln")),
    ),
]
"""Every tool's step as it begins, with the delta that completes it."""

Told = tuple[Step, list[Delta]]


@st.composite
def _step(draw: st.DrawFn) -> Told:
    match draw(st.sampled_from(["answer", "thought", "tool", "unknown"])):
        case "answer":
            begun = Step(model_output=step_pb2.ModelOutputStep())
            if draw(st.booleans()):
                begun.model_output.error.code = 3
            if draw(st.booleans()):
                begun.model_output.content.add().text.text = "so"
            return begun, draw(st.lists(_answers, max_size=6))
        case "thought":
            begun = Step(thought=step_pb2.ThoughtStep())
            deltas = draw(st.lists(_thoughts, max_size=4))
            return begun, [*deltas, *([_SIGNED] if draw(st.booleans()) else [])]
        case "tool":
            start, delta = draw(st.sampled_from(TOOLS))
            return start, [delta]
    return Step(other='{"type":"dance","moves":3}'), []


def told(steps: list[Told]) -> list[Event]:
    """Return the stream that tells these steps, with the tokens of their places."""
    begun = interaction_pb2.Interaction(id=ID, model="m")
    begun.status = interaction_pb2.INTERACTION_STATUS_IN_PROGRESS
    start = cursor.prefix(ID)
    events: list[Event] = []

    def add(place: Place, index: int, extent: Extent | None = None) -> Event:
        counts = (extent.offset, extent.annotations) if extent else (0, 0)
        token = cursor.encode(start, index, place, *counts)
        events.append(Event(event_id=token))
        return events[-1]

    add(Place.CREATED, 0).created.interaction.CopyFrom(begun)
    add(Place.STATUS, 0).status_update.status = begun.status
    for index, (step, deltas) in enumerate(steps):
        extent = Extent(step)
        first = add(Place.START, index, extent).step_start
        first.index = index
        first.step.CopyFrom(step)
        for delta in deltas:
            extent.add(delta)
            change = add(Place.DELTA, index, extent).step_delta
            change.index = index
            change.delta.CopyFrom(delta)
        add(Place.STOP, index).step_stop.index = index
    begun.status = interaction_pb2.INTERACTION_STATUS_COMPLETED
    add(Place.COMPLETED, cursor.END).completed.interaction.CopyFrom(begun)
    return events


streams = st.lists(_step(), max_size=3).map(told)
"""Whole streams of other servers."""
