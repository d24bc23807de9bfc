"""Refusals of what [models], their profiles and [agents] say."""

from __future__ import annotations

import pytest

from tests.config.texts import EVERY_NAME, VLLM, refusal

REFUSED = {
    "agents of a chat server": (
        VLLM + '[agents."*"]\nendpoint = "vllm"',
        (
            'agents."*".endpoint: the dialect "chat" has no agents; name an endpoint '
            'with dialect = "gemini"'
        ),
    ),
    "agents of no endpoint": (
        VLLM + '[agents.a]\nendpoint = "gone"',
        "agents.a.endpoint: there is no [endpoints.gone]; known are: vllm",
    ),
    "an agent without a name": (
        VLLM + '[agents.""]\nendpoint = "vllm"',
        'agents."": an agent needs a name',
    ),
    "endpoints without models": (
        VLLM,
        (
            "models: no model is configured; add for example "
            '[models."*"] with endpoint = "vllm"'
        ),
    ),
    "models without endpoints": (
        EVERY_NAME,
        'models."*".endpoint: there is no [endpoints.vllm]; known are: none',
    ),
    "unknown endpoint": (
        VLLM + '[models.a]\nendpoint = "vlm"',
        "models.a.endpoint: there is no [endpoints.vlm]; known are: vllm",
    ),
    "pattern": (
        VLLM + '[models."gemini-*"]\nendpoint = "vllm"',
        (
            'models."gemini-*": patterns are not known; '
            'write the whole name, or "*" for the rest'
        ),
    ),
    "model without a name": (
        VLLM + '[models.""]\nendpoint = "vllm"',
        'models."": a model needs a name',
    ),
    "empty upstream name": (
        VLLM + '[models.a]\nendpoint = "vllm"\nupstream = ""',
        "models.a.upstream: is empty; leave it out to keep the name",
    ),
    "profile of the embedded model": (
        (
            '[endpoints.here]\ndialect = "embedded"\n'
            '[models.a]\nendpoint = "here"\nprofile = { seed = false }'
        ),
        'models.a.profile: what the dialect "embedded" can do is known; leave it out',
    ),
    "no output": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { max_output_tokens = 0 }',
        "models.a.profile.max_output_tokens: 0 is out of range; it should be above 0",
    ),
    "outputs without any": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { outputs = [] }',
        (
            "models.a.profile.outputs: is empty or has one twice; list what the model "
            'makes, the usual first, for example ["image"]'
        ),
    ),
    "unknown output": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { outputs = ["smell"] }',
        (
            'models.a.profile.outputs[0]: expected one of "text", "image", "audio", '
            'got "smell"'
        ),
    ),
    "size of images": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { image_sizes = ["big"] }',
        (
            'models.a.profile.image_sizes: "big" is not a size; write it as width and '
            'height, "1536x1024"'
        ),
    ),
    "media in the chat of another dialect": (
        (
            '[endpoints.vllm]\ndialect = "responses"\nbase_url = "http://h/v1"\n'
            '[models.a]\nendpoint = "vllm"\nprofile = { chat_media = true }'
        ),
        (
            'models.a.profile.chat_media: the dialect "responses" has no media in its '
            'answers; leave it out, or use dialect = "chat"'
        ),
    ),
    "too many previews": (
        VLLM + '[models.a]\nendpoint = "vllm"\nprofile = { image_previews = 4 }',
        (
            "models.a.profile.image_previews: 4 is out of range; it should be between "
            "0 and 3"
        ),
    ),
}


@pytest.mark.parametrize(
    ("text", "message"),
    [pytest.param(*case, id=name) for name, case in REFUSED.items()],
)
def test_a_mistake_in_the_file_is_told_in_one_line(text: str, message: str) -> None:
    assert refusal(text) == f"oi.toml: {message}"
