"""What a request to create an interaction may say, apart from its input.

The rules of contract §2.1, §2.2, §5 and §9 that hold whatever the model; what a model
itself cannot follow is the adapter's to say (`engine.ports.Model.check`). The first
member at fault is named by its JSON path.
"""

from __future__ import annotations

from openinteractions.core import inputs
from openinteractions.core.errors import NotSupportedError, RequestError
from openinteractions.v1 import (
    generation_config_pb2,
    interaction_service_pb2,
    tool_pb2,
)

Request = interaction_service_pb2.CreateInteractionRequest

_TOOL_MODES = ("auto", "any", "none", "validated")
_SUMMARIES = ("auto", "none")
_NOT_YET = "not supported yet"
_MEDIA_CONFIGS = (
    "video_config",
    "transcription_config",
)


def validate(request: Request) -> None:
    """Check a request.

    Raises:
        RequestError: a member is wrong.
        NotSupportedError: a member asks for what this server does not do yet.
    """
    _check_target(request)
    _check_scheduling(request)
    inputs.check(request.input)
    _check_tools(request)
    if request.HasField("generation_config"):
        _check_generation(request)


def _check_target(request: Request) -> None:
    if request.model and request.agent:
        raise RequestError("model and agent cannot be given together.", field="agent")
    if not request.model and not request.agent:
        raise RequestError("model is required.", field="model")
    if request.model and request.HasField("agent_config"):
        raise RequestError(
            "agent_config is for agents; a model takes generation_config.",
            field="agent_config",
        )
    if request.agent and request.HasField("generation_config"):
        raise RequestError(
            "generation_config is for models; an agent takes agent_config.",
            field="generation_config",
        )
    if request.agent:
        raise NotSupportedError(f"agent: agents are {_NOT_YET}.", field="agent")
    if request.HasField("environment"):
        raise NotSupportedError(
            f"environment: environments are {_NOT_YET}.", field="environment"
        )


def _check_scheduling(request: Request) -> None:
    stored = request.store or not request.HasField("store")
    if request.background and not stored:
        raise RequestError(
            "background needs store: an interaction that is not stored cannot be "
            "fetched later.",
            field="background",
        )
    if request.HasField("webhook_config") and not request.background:
        raise RequestError(
            "webhook_config needs background: true.", field="webhook_config"
        )
    if request.service_tier == "deferred" and not request.background:
        raise RequestError(
            "service_tier 'deferred' needs background: true.", field="service_tier"
        )
    if request.HasField("webhook_config"):
        raise NotSupportedError(
            f"webhook_config: webhooks are {_NOT_YET}.", field="webhook_config"
        )


def _check_tools(request: Request) -> None:
    names: set[str] = set()
    for index, tool in enumerate(request.tools):
        path = f"tools[{index}]"
        kind = tool.WhichOneof("kind")
        if kind is None:
            raise RequestError(f"{path}.type is required.", field=f"{path}.type")
        if kind != "function":
            raise NotSupportedError(
                f"{path}: tools of type {kind!r} are {_NOT_YET}.", field=f"{path}.type"
            )
        _check_function(tool.function, path, names)
        names.add(tool.function.name)


def _check_function(
    function: tool_pb2.FunctionTool, path: str, names: set[str]
) -> None:
    if not function.name:
        raise RequestError(f"{path}.name is required.", field=f"{path}.name")
    if function.name in names:
        raise RequestError(
            f"{path}.name: two functions are called {function.name!r}.",
            field=f"{path}.name",
        )
    if function.parameters and not function.parameters.lstrip().startswith("{"):
        raise RequestError(
            f"{path}.parameters must be a JSON Schema object.",
            field=f"{path}.parameters",
        )


def _check_generation(request: Request) -> None:
    config = request.generation_config
    for name in _MEDIA_CONFIGS:
        if config.HasField(name):
            path = f"generation_config.{name}"
            raise NotSupportedError(f"{path} is {_NOT_YET}.", field=path)
    for name in ("temperature", "top_p"):
        if config.HasField(name) and not getattr(config, name) >= 0:
            path = f"generation_config.{name}"
            raise RequestError(f"{path} must not be negative.", field=path)
    if config.HasField("thinking_summaries"):
        path = "generation_config.thinking_summaries"
        _check_word(config.thinking_summaries, _SUMMARIES, path)
    if config.HasField("max_output_tokens") and config.max_output_tokens < 1:
        path = "generation_config.max_output_tokens"
        raise RequestError(f"{path} must be at least 1.", field=path)
    if config.HasField("tool_choice"):
        _check_tool_choice(config, {tool.function.name for tool in request.tools})


def _check_tool_choice(
    config: generation_config_pb2.GenerationConfig, names: set[str]
) -> None:
    path = "generation_config.tool_choice"
    choice = config.tool_choice
    if choice.HasField("config"):
        path += ".allowed_tools"
        allowed = choice.config.allowed_tools
        mode = allowed.mode if allowed.HasField("mode") else "auto"
        for index, name in enumerate(allowed.tools):
            if name not in names:
                member = f"{path}.tools[{index}]"
                raise RequestError(
                    f"{member}: no tool is called {name!r}.", field=member
                )
    else:
        mode = choice.mode
    _check_word(mode, _TOOL_MODES, path)
    if mode == "any" and not names:
        raise RequestError(f"{path}: 'any' needs tools.", field=path)


def _check_word(word: str, words: tuple[str, ...], path: str) -> None:
    if word not in words:
        known = ", ".join(words)
        raise RequestError(f"{path}: {word!r} is none of {known}.", field=path)
