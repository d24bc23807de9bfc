"""What is shown of a configuration: all of it, and no secret."""

from __future__ import annotations

import msgspec

from openinteractions.config import load, show
from tests.config.texts import VLLM, loaded

SECRETS = {"KEYS": "s3cret-one,s3cret-two", "VLLM_KEY": "s3cret-three"}

WITH_SECRETS = f"""
[server]
http = "0.0.0.0:80"
[auth]
keys_env = "KEYS"
{VLLM}
api_key_env = "VLLM_KEY"
headers = {{ X-Key = "s3cret-four" }}
[endpoints."gpu.2"]
dialect = "chat"
base_url = "http://gpu2:8000/v1"
api_key_env = "GPU2_KEY"
[models."gemini-2.5-flash"]
endpoint = "vllm"
upstream = "Qwen/Qwen3-32B"
[models."gemini-2.5-flash".profile]
tools = "constrained"
"""


def test_what_is_shown_is_complete_and_has_no_secret() -> None:
    assert (
        show(loaded(WITH_SECRETS, **SECRETS))
        == """\
# settings from: oi.toml
# models from: oi.toml

[server]
http = "0.0.0.0:80"
grpc = "127.0.0.1:50051"
trusted_proxies = []
max_body_bytes = 104857600
max_bodies_bytes = 268435456
max_media_bytes = 104857600
default_revision = "steps"
shutdown_grace_seconds = 10
workers = 1

[auth]
keys_env = "KEYS"  # set

[store]
url = "sqlite:///openinteractions.db"
ttl_days = 55

[events]
# in openinteractions.db.signals

[background]
concurrency = 2000
queue = 10000
deadline_seconds = 10

[files]
ttl_hours = 48
upload_ttl_hours = 24
max_bytes = 2147483648

[objects]
# in openinteractions.db.objects

[egress]
enabled = true
allow = []
timeout_seconds = 30
max_bytes = 52428800

[endpoints.vllm]
dialect = "chat"
base_url = "http://gpu1:8000/v1"
api_key_env = "VLLM_KEY"  # set
headers = { X-Key = "(hidden)" }
connect_timeout_seconds = 5
first_byte_timeout_seconds = 600
between_chunks_timeout_seconds = 120

[endpoints."gpu.2"]
dialect = "chat"
base_url = "http://gpu2:8000/v1"
api_key_env = "GPU2_KEY"  # not set
connect_timeout_seconds = 5
first_byte_timeout_seconds = 600
between_chunks_timeout_seconds = 120

[models."gemini-2.5-flash"]
endpoint = "vllm"
upstream = "Qwen/Qwen3-32B"

[models."gemini-2.5-flash".profile]
tools = "constrained"
tool_choice = true
parallel_calls = true
json_schema = true
strict_schemas = false
reasoning = true
reasoning_effort = true
seed = true
stop = true
penalties = true
top_k = true
vision = true
audio = true
video = true
files = true
remote_urls = true
chat_media = false
image_sizes = []
image_edits = true
image_base64 = false
speakers = true
speech_rate = 24000
max_tokens_member = "max_tokens"
"""
    )


def test_what_is_shown_can_be_loaded_again() -> None:
    config = load(environ={})

    shown = loaded(show(config))

    again = msgspec.structs.replace(
        shown, source=config.source, models_source=config.models_source
    )
    assert again == config


def test_a_configuration_in_a_log_has_no_secret() -> None:
    config = loaded(WITH_SECRETS, **SECRETS)

    assert repr(config) == "Config(source='oi.toml')"
    assert "s3cret" not in f"{config} {config!r}"
