"""Steps and contents in the hub's form."""

from typing import Any

HI = {"type": "text", "text": "Hi"}
YO = {"type": "text", "text": "Yo"}
IMAGE = {"type": "image", "uri": "https://i"}
CALL = {"type": "function_call", "id": "c", "name": "f", "arguments": {"a": None}}
RESULT = {"type": "function_result", "call_id": "c", "result": "ok"}
THOUGHT = {"type": "thought", "signature": "c2ln"}


def says(*contents: Any) -> dict[str, Any]:
    return {"type": "user_input", "content": list(contents)}


def answers(*contents: Any) -> dict[str, Any]:
    return {"type": "model_output", "content": list(contents)}
