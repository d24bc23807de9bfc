"""The words in contents and in results of functions, for models of text.

Whatever is no text is left out: to refuse it, or to send it some other way, is up to
the dialect.
"""

from __future__ import annotations

from collections.abc import Iterable

from openinteractions.v1 import content_pb2, step_pb2


def texts(contents: Iterable[content_pb2.Content]) -> list[str]:
    """Return the texts among the contents, in their order."""
    return [content.text.text for content in contents if content.HasField("text")]


def result_text(step: step_pb2.FunctionResultStep) -> str:
    """Return a result in words; each text of its contents is a line."""
    result = step.result
    if result.HasField("contents"):
        return "\n".join(texts(result.contents.items))
    return result.json if result.HasField("json") else result.text
