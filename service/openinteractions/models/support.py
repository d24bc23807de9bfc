"""What a model cannot follow: which members are ignored, which refused.

Hints are ignored by name; what changes the result is refused with the path of the
member and the model's name (design §8). Reads the profile and never the name. For
dialects of text in, text and function calls out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from openinteractions.core.errors import NotSupportedError
from openinteractions.models import choice, formats, schemas
from openinteractions.models.profile import Profile, Tools
from openinteractions.v1 import interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

HARMLESS_THRESHOLDS = frozenset({"", "off", "block_none"})
"""Thresholds that ask for less filtering, which a model may do without."""


class _Check(NamedTuple):
    request: Request
    profile: Profile
    ignored: list[str]

    def refuse(self, path: str, reason: str = "cannot follow it") -> NotSupportedError:
        return NotSupportedError(
            f'{path}: the model "{self.request.model}" {reason}.', field=path
        )


def check(request: Request, profile: Profile) -> Sequence[str]:
    """Return the paths of the members that are ignored.

    Raises:
        NotSupportedError: a member that changes the result cannot be followed.
        RequestError: a member contradicts another, or is no JSON Schema.
    """
    run = _Check(request, profile, [])
    for field, value in request.ListFields():
        if rule := _REQUEST.get(field.name):
            rule(run, field.name, value)
    for field, value in request.generation_config.ListFields():
        if rule := _GENERATION.get(field.name):
            rule(run, f"generation_config.{field.name}", value)
    return run.ignored


def _ignore(run: _Check, path: str, _: Any) -> None:
    run.ignored.append(path)


def _refuse(run: _Check, path: str, _: Any) -> None:
    raise run.refuse(path)


def _where(fact: str, *, hint: bool = False) -> Callable[[_Check, str, Any], None]:
    """Make the rule of a member that the profile may deny."""

    def rule(run: _Check, path: str, _: Any) -> None:
        if getattr(run.profile, fact):
            return
        if not hint:
            raise run.refuse(path)
        run.ignored.append(path)

    return rule


def _tools(run: _Check, path: str, tools: Any) -> None:
    for index, tool in enumerate(tools):
        at = f"{path}[{index}]"
        if tool.WhichOneof("kind") != "function":
            raise run.refuse(at, "has no such tool")
        if run.profile.tools is Tools.NONE:
            raise run.refuse(at, "cannot call functions")
        _parameters(run, f"{at}.parameters", tool.function.parameters)


def _parameters(run: _Check, path: str, text: str) -> None:
    try:
        schemas.parameters(text)
    except ValueError:
        raise run.refuse(path, "needs a JSON Schema here") from None


def _tool_choice(run: _Check, path: str, _: Any) -> None:
    mode = choice.read(run.request).mode
    if mode in ("any", "none") and not run.profile.tool_choice:
        raise run.refuse(path, "can neither be made nor forbidden to call functions")


def _format(run: _Check, path: str, _: Any) -> None:
    if formats.read(run.request).schema is not None and not run.profile.json_schema:
        raise run.refuse(path, "cannot be held to a JSON Schema")


def _modalities(run: _Check, path: str, modalities: Any) -> None:
    for index, modality in enumerate(modalities):
        if modality != "text":
            raise run.refuse(f"{path}[{index}]", "answers in text only")


def _safety(run: _Check, path: str, settings: Any) -> None:
    for index, setting in enumerate(settings):
        if setting.threshold not in HARMLESS_THRESHOLDS:
            raise run.refuse(f"{path}[{index}].threshold")
    run.ignored.append(path)


def _summaries(run: _Check, path: str, word: str) -> None:
    if not run.profile.reasoning and word != "none":
        run.ignored.append(path)


_Rules = Mapping[str, Callable[[_Check, str, Any], None]]

_REQUEST: _Rules = {
    "tools": _tools,
    "response_format": _format,
    "response_mime_type": _format,
    "response_modalities": _modalities,
    "service_tier": _ignore,
    "safety_settings": _safety,
    "labels": _ignore,
    "cached_content": _refuse,
    "continuation_token": _refuse,
}

_GENERATION: _Rules = {
    "seed": _where("seed", hint=True),
    "stop_sequences": _where("stop"),
    "thinking_level": _where("reasoning_effort", hint=True),
    "thinking_summaries": _summaries,
    "tool_choice": _tool_choice,
    "speech_config": _refuse,
    "image_config": _refuse,
    "video_config": _refuse,
    "transcription_config": _refuse,
    "presence_penalty": _where("penalties"),
    "frequency_penalty": _where("penalties"),
    "top_k": _where("top_k"),
}
