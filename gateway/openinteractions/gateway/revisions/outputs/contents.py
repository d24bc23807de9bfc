"""Contents of the older revision out of the hub's steps and contents, and turns.

Beside the names of the late 1.x clients stand those of the early ones, since one
answer serves them all (contract §3, §4.2, §4.4).
"""

from typing import Any

from openinteractions.gateway.revisions.outputs import losses
from openinteractions.gateway.revisions.shapes import (
    MESSAGES,
    Object,
    is_content,
    kind_of,
)


def contents_of(step: object) -> list[object]:
    """Return the outputs that a step of the hub is in the older revision."""
    kind = kind_of(step)
    if kind in losses.STEPS:
        return []
    if kind == "model_output":
        return _message(step)
    return [content_of(step)]


def content_of(item: Any) -> Any:
    """Return a content of the older revision for a content or step of the hub.

    Nothing is changed in place; what has no older names comes back itself.
    """
    match kind_of(item):
        case "text" if "annotations" in item:
            cited = annotations_of(item["annotations"])
            text = {name: item[name] for name in item if name != "annotations"}
            return text | {"annotations": cited} if cited else text
        case "audio" if "sample_rate" in item:
            return item | {"rate": item["sample_rate"]}
        case "thought" if isinstance(item.get("summary"), list):
            return item | {"summary": [content_of(part) for part in item["summary"]]}
        case "google_search_result" if isinstance(item.get("result"), list):
            return item | {"result": [_search_result(one) for one in item["result"]]}
    return item


def annotations_of(annotations: object) -> Any:
    """Return annotations with the `source` that clients of 1.55 to 1.66 read.

    Annotations of types that came later are left out; the list may end up empty.
    """
    if not isinstance(annotations, list):
        return annotations
    return [
        _annotation(item)
        for item in annotations
        if kind_of(item) not in losses.ANNOTATIONS
    ]


def input_of(value: object) -> object:
    """Return an interaction's `input` in the forms that older clients know.

    Strings, one content and lists of contents stay. Steps are a list of turns, or,
    when none of them is a message (results of calls), the list of them.
    """
    if not isinstance(value, list):
        return content_of(value)
    if any(kind_of(item) in MESSAGES for item in value):
        return _turns(value)
    return [content_of(item) for item in value if kind_of(item) not in losses.STEPS]


def _turns(steps: list[object]) -> list[Object]:
    """Return turns that give back the same steps when they are taken apart.

    A turn ends where the role changes, and before contents that would otherwise join
    those of the message before them.
    """
    turns: list[Object] = []
    before = ""
    for step in steps:
        kind = kind_of(step)
        if kind in MESSAGES:
            role = "user" if kind == "user_input" else "model"
            contents = _message(step)
        else:
            role = "user" if kind == "function_result" else "model"
            contents = contents_of(step)
            if not contents:
                continue
        last = turns[-1] if turns else {}
        if last.get("role") != role or not contents or before in {kind, ""}:
            turns.append({"role": role, "content": []})
        turns[-1]["content"].extend(contents)
        # A message without contents stands alone, or it would be lost.
        before = kind if kind in MESSAGES and contents else "" if not contents else "-"
    for turn in turns:
        turn["content"] = _short(turn["content"])
    return turns


def _message(step: Any) -> list[object]:
    content = step.get("content", [])
    return [content_of(item) for item in content]


def _short(contents: list[object]) -> object:
    """Return the string form of contents that are nothing but one text."""
    if len(contents) == 1 and is_content(contents[0]):
        only = contents[0]
        if only.keys() == {"type", "text"} and only["type"] == "text":
            return only["text"]
    return contents


def _annotation(annotation: Any) -> Any:
    match kind_of(annotation):
        case "url_citation" | "place_citation":
            address = annotation.get("url")
        case "file_citation":
            address = annotation.get("document_uri")
        case _:
            return annotation
    if address is None or "source" in annotation:
        return annotation
    return annotation | {"source": address}


def _search_result(item: Any) -> Any:
    if not isinstance(item, dict) or "search_suggestions" not in item:
        return item
    return {"rendered_content": item["search_suggestions"]} | item
