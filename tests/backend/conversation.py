"""What a real server checks in a conversation, and what a script reads from it.

The rules are those that hosted chat completions enforce with a 400: known roles,
every tool result answers a call right before it, every call has its result before
the conversation goes on. A server under test that sends anything else is wrong.
"""

from __future__ import annotations

from typing import Any

from tests.backend.reply import Failure, Json

_ROLES = frozenset({"system", "developer", "user", "assistant", "tool"})


def check(request: Json) -> Failure | None:
    """Give the 400 that the request deserves, or None."""
    messages = request.get("messages")
    if not isinstance(messages, list) or not messages:
        return _bad("'messages' must be a list with at least one message", "messages")
    return _check_messages(messages) or _check_tools(request) or _check_pairs(messages)


def _check_messages(messages: list[Json]) -> Failure | None:
    for number, message in enumerate(messages):
        if message.get("role") not in _ROLES:
            return _bad("unknown role", f"messages[{number}].role")
        for name, value in message.items():
            if value is None and name != "content":
                return _bad("must not be null", f"messages[{number}].{name}")
    return None


def _check_tools(request: Json) -> Failure | None:
    tools = request.get("tools")
    if tools == []:
        return _bad("must not be empty", "tools")
    for number, tool in enumerate(tools or []):
        function = tool.get("function") or {}
        if tool.get("type") != "function" or not function.get("name"):
            return _bad("a tool needs a type and a name", f"tools[{number}]")
    if "tool_choice" in request and not tools:
        return _bad("needs 'tools'", "tool_choice")
    return None


def _check_pairs(messages: list[Json]) -> Failure | None:
    waiting: set[str] = set()
    for number, message in enumerate(messages):
        if message["role"] == "tool":
            call_id = message.get("tool_call_id")
            if call_id not in waiting:
                return _bad(
                    "a tool message must answer a call of the message before it",
                    f"messages[{number}].tool_call_id",
                )
            waiting.discard(str(call_id))
            continue
        if waiting:
            return _bad(
                f"no tool message answers {', '.join(sorted(waiting))}",
                f"messages[{number}].role",
            )
        waiting = {call["id"] for call in message.get("tool_calls") or []}
    if waiting:
        return _bad(f"no tool message answers {', '.join(sorted(waiting))}", "messages")
    return None


def results(request: Json) -> list[tuple[str, str]]:
    """Give (name of the call, text of the result) after the last call, in order."""
    messages: list[Json] = request["messages"]
    start = max(
        (at for at, message in enumerate(messages) if message.get("tool_calls")),
        default=-1,
    )
    if start < 0:
        return []
    names = {
        call["id"]: call["function"]["name"] for call in messages[start]["tool_calls"]
    }
    return [
        (names[message["tool_call_id"]], text(message))
        for message in messages[start + 1 :]
        if message["role"] == "tool"
    ]


def is_answered(request: Json) -> bool:
    """Tell whether the newest message is a tool result."""
    return bool(request["messages"][-1]["role"] == "tool")


def rounds(request: Json) -> int:
    """Count the assistant messages with calls since the newest user message."""
    count = 0
    for message in reversed(request["messages"]):
        if message["role"] == "user":
            break
        count += bool(message.get("tool_calls"))
    return count


def text(message: Json) -> str:
    """Give the text of a message whose content is a string or a list of parts."""
    content: Any = message.get("content")
    if isinstance(content, list):
        return "".join(part.get("text", "") for part in content)
    return content or ""


def _bad(message: str, param: str) -> Failure:
    return Failure(400, f"{param}: {message}", param=param)
