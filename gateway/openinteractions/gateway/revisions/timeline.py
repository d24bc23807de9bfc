"""Steps out of whatever a client lists: steps, bare contents, turns, or a mix.

One rule does it all: contents that stand together become one message step, and
everything that is no content is a step of its own, in the order in which it came.
Used for `input` and for the outputs of the older revision.
"""

from openinteractions.gateway.revisions.errors import RevisionError
from openinteractions.gateway.revisions.shapes import (
    MESSAGES,
    STEPS,
    Object,
    as_contents,
    is_content,
    is_turn,
    kind_of,
)

# An agent's replies have the role "agent" in the older revision.
_ROLES = {"user": "user_input", "model": "model_output", "agent": "model_output"}

_TURN = frozenset({"role", "content"})
_MESSAGE = frozenset({"type", "content"})


class Timeline:
    """A list of steps that grows by elements of any form.

    Attributes:
        steps: the steps so far, in the hub's form.
        origins: for each path into `steps` (as `input[…]`), the path that its part
            had in what the client sent.
    """

    def __init__(self) -> None:
        self.steps: list[object] = []
        self.origins: dict[str, str] = {}
        self._run = ""
        self._contents: list[object] = []

    def add(self, element: object, path: str) -> None:
        """Add one element that the client has at `path`.

        Raises:
            RevisionError: it is neither a content, nor a step, nor a turn.
        """
        if is_turn(element):
            self._add_turn(element, path)
        elif is_content(element):
            self._add_content(element, path, "user_input", path)
        elif kind_of(element):
            self._add_step(element, path)
        elif isinstance(element, dict):
            raise RevisionError(path, "needs a type, or a role")
        else:
            raise RevisionError(path, "must be an object")

    def add_output(self, output: object, path: str) -> None:
        """Add one output of the older revision; contents are the model's."""
        if is_content(output):
            self._add_content(output, path, "model_output", path)
        else:
            self._add_step(output, path)

    def _add_turn(self, turn: Object, path: str) -> None:
        _refuse_others(turn, _TURN, path, "is no member of a turn")
        role = turn["role"]
        kind = _ROLES.get(role.lower()) if isinstance(role, str) else None
        if kind is None:
            raise RevisionError(f"{path}.role", "must be user or model")
        if "content" not in turn:
            raise RevisionError(f"{path}.content", "is missing")
        self._add_message(kind, turn["content"], path)

    def _add_step(self, step: object, path: str) -> None:
        """Add a step; a message step with other steps among its contents is split."""
        self._end_run()
        if isinstance(step, dict) and kind_of(step) in MESSAGES and "content" in step:
            contents = as_contents(step["content"])
            if isinstance(contents, list) and any(map(_is_stray, contents)):
                _refuse_others(
                    step, _MESSAGE, path, "is no member of a step that holds steps"
                )
                self._add_message(kind_of(step), contents, path)
                return
            step = step | {"content": contents}
        self._begin(step, path)

    def _add_message(self, kind: str, content: object, path: str) -> None:
        """Add what one message holds, in order; it shares no step with another."""
        self._end_run()
        contents = as_contents(content)
        if not isinstance(contents, list):
            raise RevisionError(f"{path}.content", "must be a string or a list")
        if not contents:
            self._begin({"type": kind, "content": []}, path)
        for place, item in enumerate(contents):
            here = f"{path}.content"
            if contents is content:
                here += f"[{place}]"
            if is_turn(item):
                self._add_turn(item, here)
            elif kind_of(item) and not is_content(item):
                self._add_step(item, here)
            else:
                self._add_content(item, here, kind, path)
        self._end_run()

    def _add_content(self, content: object, path: str, kind: str, step: str) -> None:
        """Add a content to the run of contents at the end, or begin one."""
        if self._run != kind:
            self._run, self._contents = kind, []
            self._begin({"type": kind, "content": self._contents}, step)
        here = f"input[{len(self.steps) - 1}].content[{len(self._contents)}]"
        self.origins[here] = path
        self._contents.append(content)

    def _begin(self, step: object, origin: str) -> None:
        self.origins[f"input[{len(self.steps)}]"] = origin
        self.steps.append(step)

    def _end_run(self) -> None:
        self._run = ""


def _refuse_others(
    element: Object, members: frozenset[str], path: str, message: str
) -> None:
    """Refuse members that no step would have when the element is taken apart."""
    for name in element:
        if name not in members:
            raise RevisionError(f"{path}.{name}", message)


def _is_stray(item: object) -> bool:
    """Tell whether an element of a message's content is none of its contents.

    Python SDK 2.9 to 2.12 puts turns there; a type that nobody knows may be a content.
    """
    return is_turn(item) or kind_of(item) in STEPS
