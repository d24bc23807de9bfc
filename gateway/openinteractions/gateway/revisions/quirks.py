"""What clients send that the contract does not mean, and how each is put right.

Everything that depends on the odd behaviour of a client build stands in this module,
as data where it can (contract §2.1, §2.3, §4.2). `clean` works by shape, whatever the
revision: a request may come from any build, and may give back what any revision said.
"""

from collections.abc import Callable, Mapping
from typing import Any

from openinteractions.gateway.revisions.errors import RevisionError
from openinteractions.gateway.revisions.shapes import Object, is_content, kind_of

# Members that hold free-form JSON wherever they stand: a null in it is a value.
FREE_FORM_MEMBERS = frozenset(
    {"custom_config", "custom_metadata", "details", "parameters", "schema"}
    | {"transform", "user_metadata"}
)

# Members that hold free-form JSON in objects of one type only.
FREE_FORM_OF: Mapping[str, str] = {
    "code_execution_result": "result",
    "file_search_result": "result",
    "function_call": "arguments",
    "function_result": "result",
    "mcp_server_tool_call": "arguments",
    "mcp_server_tool_result": "result",
}

# Far deeper than anything in the contract; free-form JSON is not counted.
_DEEPEST = 60

_CITATIONS = frozenset({"url_citation", "place_citation"})


def clean(value: object, depth: int = 0) -> Any:
    """Return a JSON value without nulls, wrappers and old spellings.

    Objects are copied, never changed; free-form JSON and opaque values are carried.

    Raises:
        RevisionError: the value is nested more deeply than any request can be. Its
            path is empty, for the caller to fill in.
    """
    if depth > _DEEPEST:
        raise RevisionError("", "is nested too deeply")
    if isinstance(value, list):
        return [clean(item, depth + 1) for item in value]
    value = unwrap(value)
    if not isinstance(value, dict):
        return value
    kind = kind_of(value)
    free = FREE_FORM_OF.get(kind)
    cleaned = {}
    for name, member in value.items():
        if member is None:
            continue
        if isinstance(member, dict | list) and not (
            name == free or name in FREE_FORM_MEMBERS
        ):
            member = clean(member, depth + 1)  # noqa: PLW2901 - the same member, clean
        cleaned[name] = member
    rewrite = QUIRKS.get(kind)
    return cleaned if rewrite is None else rewrite(cleaned)


def unwrap(value: object) -> object:
    """Return what is inside `{"type": "UNKNOWN", "raw": …}`, or the value itself.

    Python SDK 2.9 to 2.2x wraps every tool, step and content that it does not know.
    """
    while kind_of(value) == "UNKNOWN" and isinstance(value, dict) and "raw" in value:
        value = value["raw"]
    return value


def _text(text: Object) -> Object:
    """Undo the older names of citations, which SDKs of 1.55 to 1.66 read."""
    annotations = text.get("annotations")
    if isinstance(annotations, list):
        text["annotations"] = [_annotation(item) for item in annotations]
    return text


def _annotation(annotation: object) -> object:
    if not isinstance(annotation, dict) or "source" not in annotation:
        return annotation
    source = annotation["source"]
    rest = {name: annotation[name] for name in annotation if name != "source"}
    kind = kind_of(annotation)
    if not kind:
        return {"type": "url_citation", "url": source} | rest
    if kind in _CITATIONS or rest.get("document_uri") == source:
        return rest
    return annotation


def _audio(audio: Object) -> Object:
    """Keep one name of the sample rate; 1.71 to 1.73 call it `rate`."""
    if "rate" in audio and "sample_rate" in audio:
        del audio["rate"]
    return audio


def _search_result(result: Object) -> Object:
    """Undo the older name of search suggestions, which 1.55 reads."""
    items = result.get("result")
    for item in items if isinstance(items, list) else ():
        if isinstance(item, dict) and (
            item.get("rendered_content", "") == item.get("search_suggestions")
        ):
            del item["rendered_content"]
    return result


def _tool_result(result: Object) -> Object:
    """Take a list out of `{"items": […]}` (1.55), and clean the contents of a list.

    An object with `items` may as well be what a function returned. It is a list only
    if it holds nothing else, and contents, at least one of which says its type.
    """
    value = result.get("result")
    if isinstance(value, dict) and value.keys() == {"items"}:
        items = value["items"]
        if (
            isinstance(items, list)
            and any(is_content(item) for item in items)
            and all(is_content(item) or isinstance(item, str) for item in items)
        ):
            value = [
                {"type": "text", "text": item} if isinstance(item, str) else item
                for item in items
            ]
    if isinstance(value, list):
        value = [clean(item) if is_content(unwrap(item)) else item for item in value]
        result["result"] = value
    return result


# What is put right in an object of one type, after its members are clean.
QUIRKS: Mapping[str, Callable[[Object], Object]] = {
    "audio": _audio,
    "code_execution_result": _tool_result,
    "function_result": _tool_result,
    "google_search_result": _search_result,
    "mcp_server_tool_result": _tool_result,
    "text": _text,
}
