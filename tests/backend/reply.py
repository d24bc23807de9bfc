"""What a script answers, and its two renderings: one body, or chunks of a stream.

A `Reply` says what the model produced; how it travels (unary or streamed) is decided
here, in the shapes of OpenAI's chat completions. No script logic lives here.
"""

from __future__ import annotations

import base64
import dataclasses
import enum
import json
from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

Json: TypeAlias = dict[str, Any]

_SOUND_BYTES = 1000
"""The size of the pieces of sound in a stream; no multiple of three."""


class Ending(enum.Enum):
    """How the answer ends on the wire."""

    WHOLE = "whole"
    NO_DONE = "no-done"
    """The stream closes after the finish reason, without its terminator."""
    CUT = "cut"
    """The connection breaks after the content."""
    ERROR = "error"
    """The stream carries an error object after the content."""
    GARBAGE = "garbage"
    """What follows the content is not JSON."""


@dataclasses.dataclass(frozen=True, slots=True)
class Call:
    """One tool call; the arguments arrive in the given fragments."""

    id: str
    name: str
    fragments: tuple[str, ...]


@dataclasses.dataclass(frozen=True, slots=True)
class Reply:
    """One scripted turn of the model."""

    text: Sequence[str] = ()
    thoughts: Sequence[str] = ()
    thought_member: str = "reasoning_content"
    calls: Sequence[Call] = ()
    finish: str = "stop"
    usage: Json | None = dataclasses.field(
        default_factory=lambda: usage(prompt=7, completion=5)
    )
    ending: Ending = Ending.WHOLE
    paced: bool = False
    """Every content chunk after the first waits for a release."""
    refusal: str = ""
    sound: bytes = b""
    """What the text is spoken as; the text is then its transcript."""
    images: Sequence[bytes] = ()
    """PNG files beside the text."""
    raw_chunks: Sequence[str] = ()
    """Extra chunks, sent byte for byte before the finish reason."""


@dataclasses.dataclass(frozen=True, slots=True)
class Failure:
    """An answer with an error status and OpenAI's error body."""

    status: int
    message: str
    type: str = "invalid_request_error"
    code: str | None = None
    param: str | None = None
    headers: dict[str, str] = dataclasses.field(default_factory=dict)

    def body(self) -> Json:
        """Give the JSON body."""
        return {
            "error": {
                "message": self.message,
                "type": self.type,
                "param": self.param,
                "code": self.code,
            }
        }


class Silence(enum.Enum):
    """Answers that are none."""

    HANG = "hang"
    """No byte until the caller leaves."""
    HANG_UP = "hang-up"
    """The connection closes without a byte."""


Answer: TypeAlias = Reply | Failure | Silence


def usage(*, prompt: int, completion: int, cached: int = 0, reasoning: int = 0) -> Json:
    """Give a usage object; details stand in it only when they are not zero."""
    found: Json = {
        "prompt_tokens": prompt,
        "completion_tokens": completion,
        "total_tokens": prompt + completion,
    }
    if cached:
        found["prompt_tokens_details"] = {"cached_tokens": cached}
    if reasoning:
        found["completion_tokens_details"] = {"reasoning_tokens": reasoning}
    return found


def body(reply: Reply, *, model: str, number: int) -> Json:
    """Render the reply as one chat completion."""
    message: Json = {"role": "assistant", "content": "".join(reply.text) or None}
    if reply.thoughts:
        message[reply.thought_member] = "".join(reply.thoughts)
    if reply.refusal:
        message["refusal"] = reply.refusal
    if reply.sound:
        transcript, message["content"] = message["content"], None
        spoken = {"data": _base64(reply.sound), "transcript": transcript}
        message["audio"] = {"id": f"audio_{number}", "expires_at": 0, **spoken}
    if reply.images:
        message["images"] = [_image(image) for image in reply.images]
    if reply.calls:
        message["tool_calls"] = [
            {
                "id": call.id,
                "type": "function",
                "function": {"name": call.name, "arguments": "".join(call.fragments)},
            }
            for call in reply.calls
        ]
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion",
        "created": 1_760_000_000,
        "model": model,
        "choices": [
            {
                "index": 0,
                "message": message,
                "logprobs": None,
                "finish_reason": reply.finish,
            }
        ],
        **({"usage": reply.usage} if reply.usage else {}),
    }


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _image(data: bytes) -> Json:
    url = f"data:image/png;base64,{_base64(data)}"
    return {"type": "image_url", "image_url": {"url": url}}


def deltas(reply: Reply) -> Iterator[Json]:
    """Give the deltas of the stream in order, content first to last."""
    yield {"role": "assistant", "content": ""}
    for thought in reply.thoughts:
        yield {reply.thought_member: thought}
    for text in reply.text:
        yield {"audio": {"transcript": text}} if reply.sound else {"content": text}
    for start in range(0, len(reply.sound), _SOUND_BYTES):
        heard = reply.sound[start : start + _SOUND_BYTES]
        yield {"audio": {"data": _base64(heard)}}
    for image in reply.images:
        yield {"images": [_image(image)]}
    if reply.refusal:
        yield {"refusal": reply.refusal}
    for index, call in enumerate(reply.calls):
        head = {"name": call.name, "arguments": ""}
        yield {
            "tool_calls": [
                {"index": index, "id": call.id, "type": "function", "function": head}
            ]
        }
        for fragment in call.fragments:
            piece = {"index": index, "function": {"arguments": fragment}}
            yield {"tool_calls": [piece]}


def chunk(delta: Json, *, model: str, number: int, finish: str | None = None) -> Json:
    """Wrap a delta as one chunk of the stream."""
    return {
        "id": f"chatcmpl-{number}",
        "object": "chat.completion.chunk",
        "created": 1_760_000_000,
        "model": model,
        "choices": [
            {"index": 0, "delta": delta, "logprobs": None, "finish_reason": finish}
        ],
    }


def usage_chunk(reply: Reply, *, model: str, number: int) -> Json:
    """Give the last chunk of a stream that was asked to include usage."""
    return {
        **chunk({}, model=model, number=number),
        "choices": [],
        "usage": reply.usage,
    }


def frame(data: Json | str) -> bytes:
    """Frame one server-sent event."""
    text = data if isinstance(data, str) else json.dumps(data, ensure_ascii=False)
    return f"data: {text}\n\n".encode()
