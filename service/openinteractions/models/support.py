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


class Check(NamedTuple):
    """A check under way."""

    request: Request
    profile: Profile
    ignored: list[str]

    def refuse(self, path: str, reason: str = "cannot follow it") -> NotSupportedError:
        """Return the error that names a member and the model."""
        return refusal(self.request, path, reason)


Rule = Callable[[Check, str, Any], None]
"""What to do about a member, of which it gets the path and the value."""

Rules = Mapping[str, Rule]
"""What to do about members, by their names."""


def refusal(request: Request, path: str, reason: str) -> NotSupportedError:
    """Return the error for a member that a request's model cannot follow.

    `reason` continues the model's name.
    """
    return NotSupportedError(
        f'{path}: the model "{request.model}" {reason}.', field=path
    )


def check(request: Request, profile: Profile) -> Sequence[str]:
    """Return the paths of the members that are ignored.

    Raises:
        NotSupportedError: a member that changes the result cannot be followed.
        RequestError: a member contradicts another, or is no JSON Schema.
    """
    return follow(request, profile, TEXT_REQUEST, TEXT_GENERATION)


def follow(
    request: Request, profile: Profile, rules: Rules, generation: Rules
) -> Sequence[str]:
    """Return the paths of the members that these rules ignore.

    Raises:
        NotSupportedError, RequestError: a rule says so.
    """
    run = Check(request, profile, [])
    for field, value in request.ListFields():
        if rule := rules.get(field.name):
            rule(run, field.name, value)
    for field, value in request.generation_config.ListFields():
        if rule := generation.get(field.name):
            rule(run, f"generation_config.{field.name}", value)
    return run.ignored


def ignore(run: Check, path: str, _: Any) -> None:
    """Note a member that is ignored."""
    run.ignored.append(path)


def refuse(run: Check, path: str, _: Any) -> None:
    """Refuse a member."""
    raise run.refuse(path)


def _where(fact: str, *, hint: bool = False) -> Callable[[Check, str, Any], None]:
    """Make the rule of a member that the profile may deny."""

    def rule(run: Check, path: str, _: Any) -> None:
        if getattr(run.profile, fact):
            return
        if not hint:
            raise run.refuse(path)
        run.ignored.append(path)

    return rule


def _tools(run: Check, path: str, tools: Any) -> None:
    for index, tool in enumerate(tools):
        at = f"{path}[{index}]"
        if tool.WhichOneof("kind") != "function":
            raise run.refuse(at, "has no such tool")
        if run.profile.tools is Tools.NONE:
            raise run.refuse(at, "cannot call functions")
        _parameters(run, f"{at}.parameters", tool.function.parameters)


def _parameters(run: Check, path: str, text: str) -> None:
    try:
        schemas.parameters(text)
    except ValueError:
        raise run.refuse(path, "needs a JSON Schema here") from None


def _tool_choice(run: Check, path: str, _: Any) -> None:
    mode = choice.read(run.request).mode
    if mode in ("any", "none") and not run.profile.tool_choice:
        raise run.refuse(path, "can neither be made nor forbidden to call functions")


def _format(run: Check, path: str, _: Any) -> None:
    if formats.read(run.request).schema is not None and not run.profile.json_schema:
        raise run.refuse(path, "cannot be held to a JSON Schema")


def _modalities(run: Check, path: str, modalities: Any) -> None:
    for index, modality in enumerate(modalities):
        if modality.lower() != "text":
            raise run.refuse(f"{path}[{index}]", "answers in text only")


def safety(run: Check, path: str, settings: Any) -> None:
    """Ignore thresholds that ask for less filtering, refuse others."""
    for index, setting in enumerate(settings):
        if setting.threshold not in HARMLESS_THRESHOLDS:
            raise run.refuse(f"{path}[{index}].threshold")
    run.ignored.append(path)


def _summaries(run: Check, path: str, word: str) -> None:
    if not run.profile.reasoning and word != "none":
        run.ignored.append(path)


TEXT_REQUEST: Rules = {
    "tools": _tools,
    "response_format": _format,
    "response_mime_type": _format,
    "response_modalities": _modalities,
    "service_tier": ignore,
    "safety_settings": safety,
    "labels": ignore,
    "cached_content": refuse,
    "continuation_token": refuse,
}
"""The rules of what makes text."""

TEXT_GENERATION: Rules = {
    "seed": _where("seed", hint=True),
    "stop_sequences": _where("stop"),
    "thinking_level": _where("reasoning_effort", hint=True),
    "thinking_summaries": _summaries,
    "tool_choice": _tool_choice,
    "speech_config": refuse,
    "image_config": refuse,
    "video_config": refuse,
    "transcription_config": refuse,
    "presence_penalty": _where("penalties"),
    "frequency_penalty": _where("penalties"),
    "top_k": _where("top_k"),
}
"""Those of its `generation_config`."""

MEDIA_REQUEST: Rules = {
    "service_tier": ignore,
    "safety_settings": safety,
    "labels": ignore,
    "cached_content": refuse,
    "continuation_token": refuse,
}
"""The rules of what makes media: it samples and thinks as it likes."""

MEDIA_GENERATION: Rules = {
    "temperature": ignore,
    "top_p": ignore,
    "top_k": ignore,
    "seed": ignore,
    "max_output_tokens": ignore,
    "presence_penalty": ignore,
    "frequency_penalty": ignore,
    "thinking_level": ignore,
    "stop_sequences": refuse,
    "speech_config": refuse,
    "image_config": refuse,
    "video_config": refuse,
    "transcription_config": refuse,
}
"""Those of its `generation_config`."""
