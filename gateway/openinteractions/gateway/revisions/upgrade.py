"""The way in: the body of a create request, brought into the hub's form.

Works by shape, whatever the revision: turns, bare contents and old spellings arrive
from clients of every generation (contract §2). Members that the hub has in several
forms (`response_format`, `response_mime_type`) and other spellings of a member's name
are the codec's business, and are left as they are.
"""

from collections.abc import Callable, Mapping
from typing import Any

from openinteractions.gateway.revisions.errors import RevisionError
from openinteractions.gateway.revisions.quirks import clean, unwrap
from openinteractions.gateway.revisions.shapes import MEDIA, Object, kind_of
from openinteractions.gateway.revisions.timeline import Timeline


class Upgraded:
    """A request body in the hub's form, and where its parts came from.

    Attributes:
        body: the body; it shares free-form values with what the client sent.
    """

    def __init__(self, body: Object, origins: Mapping[str, str]) -> None:
        self.body = body
        self._origins = origins

    def origin(self, path: str) -> str:
        """Return where the client put what the upgraded body has at `path`.

        Turning turns and bare contents into steps moves things: `input[1].content[0]`
        of the upgraded body may be the client's `input[2]`. A path into anything that
        did not move comes back as it is. Wrappers (`UNKNOWN`) do not count.
        """
        end = len(path)
        while end > 0:
            found = self._origins.get(path[:end])
            if found is not None:
                return found + path[end:]
            end = max(path.rfind(".", 0, end), path.rfind("[", 0, end))
        return path


def upgrade(body: object) -> Upgraded:
    """Return the body of a create request in the hub's form.

    Nulls are absent, wrappers gone, `input` is a string, one content, a list of
    contents or a list of steps whose `content` is a list.

    Raises:
        RevisionError: the body has a shape that no revision knows.
    """
    if not isinstance(body, dict):
        raise RevisionError("", "must be a JSON object")
    hub: Object = {}
    for name, member in body.items():
        if member is None:
            continue
        try:
            hub[name] = _MEMBERS.get(name, clean)(member)
        except RevisionError as error:
            raise RevisionError(name, error.message) from None
    origins: Mapping[str, str] = {}
    if "input" in hub:
        hub["input"], origins = upgrade_input(hub["input"])
    if isinstance(hub.get("agent_config"), dict):
        hub["agent_config"] = _typed(hub["agent_config"], hub.get("agent"))
    return Upgraded(hub, origins)


def upgrade_input(value: object) -> tuple[Any, Mapping[str, str]]:
    """Return a clean `input` in the hub's form, and the origins of its parts.

    Strings, one media content and lists of media contents stay. Everything else that
    is an object or a list becomes a list of steps: turns are taken apart, and a run
    of bare contents is one `user_input`.

    Raises:
        RevisionError: an element is neither a content, nor a step, nor a turn.
    """
    elements = value if isinstance(value, list) else [value]
    if isinstance(value, str) or all(kind_of(item) in MEDIA for item in elements):
        return value, {}
    if not isinstance(value, dict | list):
        return value, {}
    timeline = Timeline()
    for place, element in enumerate(elements):
        path = f"input[{place}]" if isinstance(value, list) else "input"
        timeline.add(element, path)
    return timeline.steps, timeline.origins


def _response_format(value: object) -> Any:
    """Clean typed entries; a bare JSON Schema is free-form."""
    value = unwrap(value)
    if isinstance(value, list):
        return [_response_format(item) for item in value]
    return clean(value) if kind_of(value) in MEDIA else value


def _agent_config(value: object) -> Any:
    """Clean a typed config; a dynamic one is free-form."""
    value = unwrap(value)
    return value if kind_of(value) == "dynamic" else clean(value)


def _typed(config: Object, agent: object) -> Object:
    """Add the type that clients of 1.55 to 1.62 may leave out."""
    if "type" in config:
        return config
    research = isinstance(agent, str) and "deep-research" in agent
    return {"type": "deep-research" if research else "dynamic"} | config


_MEMBERS: Mapping[str, Callable[[object], Any]] = {
    "agent_config": _agent_config,
    "response_format": _response_format,
}
