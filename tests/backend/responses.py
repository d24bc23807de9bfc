"""OpenAI's Responses API over the same scripts: what goes in, and what comes out.

`as_chat` puts the input items into the messages that scripts read; `body` and `events`
render a `Reply` as a response, whole or streamed. `check` has the rules that the
hosted API enforces with a 400.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from tests.backend.reply import Failure, Json, Reply

ENCRYPTED = "gAAAA-scripted"
"""What stands for reasoning that only its server can read."""

_ROLES = frozenset({"system", "developer", "user", "assistant"})
_PARTS = frozenset({"input_text", "input_image", "input_file", "input_audio"})
_STATUS = {"stop": "completed", "tool_calls": "completed"}
_REASONS = {"length": "max_output_tokens", "content_filter": "content_filter"}
_UNKNOWN = frozenset(
    {"messages", "max_tokens", "seed", "stop", "response_format", "stream_options"}
)


_SAME = {
    "model": "model",
    "stream": "stream",
    "temperature": "temperature",
    "top_p": "top_p",
    "max_output_tokens": "max_tokens",
    "tool_choice": "tool_choice",
    "parallel_tool_calls": "parallel_tool_calls",
}
"""Members that chat completions have too, by their name there."""
_FUNCTION = frozenset({"name", "description", "parameters"})


def check(request: Json) -> Failure | None:
    """Give the 400 that the request deserves, or None."""
    for name in sorted(_UNKNOWN & request.keys()):
        return Failure(400, f"Unknown parameter: '{name}'.", param=name)
    items = request.get("input")
    if not isinstance(items, list):
        return Failure(400, "'input' must be a list here", param="input")
    for number, item in enumerate(items):
        if wrong := _check_item(items, number, item):
            return Failure(400, wrong, param=f"input[{number}]")
    called = {i["call_id"] for i in items if i["type"] == "function_call"}
    answered = [i["call_id"] for i in items if i["type"] == "function_call_output"]
    if called != set(answered) or len(answered) != len(set(answered)):
        return Failure(400, "No tool output found for function call.", param="input")
    return None


def _check_item(items: list[Json], number: int, item: Json) -> str | None:
    kind = item.get("type")
    if kind == "message":
        if item.get("role") not in _ROLES:
            return "unknown role"
        content = item.get("content")
        if isinstance(content, list):
            unknown = {part.get("type") for part in content} - _PARTS
            return f"Invalid value: {sorted(unknown)}" if unknown else None
        return None if isinstance(content, str) and content else "empty content"
    if kind == "reasoning":
        behind = items[number + 1]["type"] if number + 1 < len(items) else None
        led = behind in ("reasoning", "function_call") or (
            behind == "message" and items[number + 1]["role"] == "assistant"
        )
        if not led or item.get("encrypted_content") != ENCRYPTED:
            return "A 'reasoning' item without its required following item."
        return None
    known = kind in ("function_call", "function_call_output")
    return None if known and item.get("call_id") else "unknown item"


def as_chat(request: Json) -> Json:
    """Give the request as the scripts read it."""
    messages: list[Json] = []
    if request.get("instructions"):
        messages.append({"role": "system", "content": request["instructions"]})
    for item in request["input"]:
        _add(messages, item)
    chat: Json = {"messages": messages}
    for name, value in request.items():
        if name in _SAME:
            chat[_SAME[name]] = value
    if effort := (request.get("reasoning") or {}).get("effort"):
        chat["reasoning_effort"] = effort
    if tools := request.get("tools"):
        chat["tools"] = [
            {"type": "function", "function": {n: tool[n] for n in _FUNCTION & {*tool}}}
            for tool in tools
        ]
    if wanted := (request.get("text") or {}).get("format"):
        schema = {name: wanted[name] for name in ("name", "schema") if name in wanted}
        inner = {"json_schema": schema} if schema else {}
        chat["response_format"] = {"type": wanted["type"], **inner}
    return chat


def _add(messages: list[Json], item: Json) -> None:
    kind = item["type"]
    if kind == "message":
        content = item["content"]
        if isinstance(content, list) and all("text" in part for part in content):
            content = "\n".join(part["text"] for part in content)
        elif isinstance(content, list):
            content = [_part(part) for part in content]
        messages.append({"role": item["role"], "content": content})
    elif kind == "function_call_output":
        said = item["output"]
        if isinstance(said, list):
            said = [_part(part) for part in said]
        call_id = item["call_id"]
        tool = {"role": "tool", "tool_call_id": call_id, "content": said}
        messages.append(tool)
    elif kind == "function_call":
        if not messages or messages[-1]["role"] != "assistant":
            messages.append({"role": "assistant", "content": None})
        function = {"name": item["name"], "arguments": item["arguments"]}
        made = {"id": item["call_id"], "type": "function", "function": function}
        messages[-1].setdefault("tool_calls", []).append(made)


def _part(part: Json) -> Json:
    """Give a part as chat completions have it."""
    match part["type"]:
        case "input_image":
            return {"type": "image_url", "image_url": {"url": part["image_url"]}}
        case "input_file":
            return {"type": "file", "file": part}
        case "input_audio":
            return part
    return {"type": "text", "text": part["text"]}


def body(reply: Reply, *, model: str, number: int) -> Json:
    """Render the reply as one response."""
    status = _STATUS.get(reply.finish, "incomplete")
    reason = _REASONS.get(reply.finish)
    return {
        "id": f"resp_{number}",
        "object": "response",
        "created_at": 1_760_000_000,
        "status": status,
        "error": None,
        "incomplete_details": {"reason": reason} if reason else None,
        "model": model,
        "output": _output(reply, number),
        "store": False,
        "usage": _usage(reply.usage),
    }


def _output(reply: Reply, number: int) -> list[Json]:
    items: list[Json] = []
    if reply.thoughts:
        summary = {"type": "summary_text", "text": "".join(reply.thoughts)}
        thought = {"type": "reasoning", "id": f"rs_{number}", "summary": [summary]}
        items.append({**thought, "encrypted_content": ENCRYPTED})
    if reply.text or reply.refusal:
        text = {"type": "output_text", "text": "".join(reply.text), "annotations": []}
        refusal = {"type": "refusal", "refusal": reply.refusal}
        content = [refusal] if reply.refusal else [text]
        items.append(_message(number, content))
    items += [
        {
            "type": "function_call",
            "id": f"fc_{call.id}",
            "status": "completed",
            "call_id": call.id,
            "name": call.name,
            "arguments": "".join(call.fragments),
        }
        for call in reply.calls
    ]
    return items


def _message(number: int, content: list[Json]) -> Json:
    head = {"type": "message", "id": f"msg_{number}", "role": "assistant"}
    return {**head, "status": "completed", "content": content}


def _usage(found: Json | None) -> Json | None:
    if found is None:
        return None
    cached = (found.get("prompt_tokens_details") or {}).get("cached_tokens", 0)
    details = found.get("completion_tokens_details") or {}
    return {
        "input_tokens": found["prompt_tokens"],
        "input_tokens_details": {"cached_tokens": cached},
        "output_tokens": found["completion_tokens"],
        "output_tokens_details": {
            "reasoning_tokens": details.get("reasoning_tokens", 0)
        },
        "total_tokens": found["total_tokens"],
    }


def beginning(whole: Json) -> Iterator[Json]:
    """Give the events with which a stream of that response begins."""
    begun = {**whole, "status": "in_progress", "output": [], "usage": None}
    yield {"type": "response.created", "response": begun}
    yield {"type": "response.in_progress", "response": begun}


def pieces(reply: Reply, whole: Json) -> Iterator[Json]:
    """Give the events of the items, first to last."""
    for index, item in enumerate(whole["output"]):
        at = {"item_id": item["id"], "output_index": index}
        yield {"type": "response.output_item.added", **at, "item": _empty(item)}
        for kind, delta in _deltas(reply, index, item):
            yield {"type": f"response.{kind}.delta", **at, "delta": delta}
        yield {"type": "response.output_item.done", **at, "item": item}


def ending(whole: Json) -> Json:
    """Give the event with which the stream ends."""
    return {"type": f"response.{whole['status']}", "response": whole}


def _deltas(reply: Reply, index: int, item: Json) -> Iterator[tuple[str, str]]:
    if item["type"] == "reasoning":
        for thought in reply.thoughts:
            yield "reasoning_summary_text", thought
    elif item["type"] == "function_call":
        call = next(call for call in reply.calls if item["call_id"] == call.id)
        for fragment in call.fragments:
            yield "function_call_arguments", fragment
    elif reply.refusal:
        yield "refusal", reply.refusal
    else:
        for text in reply.text:
            yield "output_text", text


def _empty(item: Json) -> Json:
    """Give an item that has begun and has nothing in it."""
    nothing: Json = {"summary": [], "content": [], "arguments": ""}
    bare = {name: nothing.get(name, value) for name, value in item.items()}
    bare.pop("encrypted_content", None)
    return {**bare, "status": "in_progress"}


def event(found: Json) -> bytes:
    """Frame one event as the hosted API does."""
    data = json.dumps(found, ensure_ascii=False)
    return f"event: {found['type']}\ndata: {data}\n\n".encode()
