"""What a server with this same API is asked."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import grpc
import pytest

from openinteractions.v1 import (
    interaction_service_pb2,
    interaction_service_pb2_grpc,
)
from tests.relays.replay import fixture, names, replaying
from tests.relays.world import SCRIPTED, Site, relay, serving

ANSWER = {
    "json": {
        "id": "v1_theirs",
        "status": "completed",
        "object": "interaction",
        "model": "m",
        "steps": [
            {"type": "thought", "signature": "b3BhcXVl"},
            {"type": "model_output", "content": [{"type": "text", "text": "Yes."}]},
        ],
    }
}

STRANGE = {
    "model": "m",
    "input": [
        {"type": "user_input", "content": [{"type": "hologram", "depth": 3}]},
        {"type": "telepathy", "to": ["a"]},
        {
            "type": "user_input",
            "mood": "good",
            "content": [{"type": "text", "text": "a"}],
        },
    ],
    "generation_config": {"temperature": "hot", "novel": {"a": [1, 2.5]}},
    "tools": [{"type": "crystal_ball", "size": 1}, {"type": "google_search", "new": 1}],
    "response_modalities": ["text", "smell"],
    "brand_new": {"deep": [None, {"x": 12345678901234567}]},
}


@pytest.mark.parametrize("name", names("req_"))
async def test_requests_pass_without_loss(name: str, tmp_path: Path) -> None:
    args = dict(fixture(name)["call"]["args"])
    # What is no part of the body, and what would have to be stored here.
    elsewhere = ("extra_headers", "timeout", "stream", "extra_body")
    for member in (*elsewhere, "previous_interaction_id"):
        args.pop(member, None)
    async with (
        replaying(ANSWER) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        status, body = await site.call("POST", "interactions", args)

    assert status == 200, body
    sent = google.asked[0].body
    for member in args.keys() - {"input"}:
        assert member in sent, member


async def test_what_is_not_known_here_reaches_the_server(tmp_path: Path) -> None:
    async with (
        replaying(ANSWER) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        await site.create(**STRANGE)

    assert google.asked[0].body == STRANGE


async def test_what_is_not_known_here_reaches_the_server_over_grpc(
    tmp_path: Path,
) -> None:
    request = interaction_service_pb2.CreateInteractionRequest(model="m")
    request.input.text = "a"
    request.rest = '{"brand_new": [1]}'
    request.tools.add().other = '{"type": "crystal_ball", "size": 1}'
    async with (
        replaying(ANSWER) as google,
        serving(tmp_path, relay(google.url)) as site,
        grpc.aio.insecure_channel(site.grpc) as channel,
    ):
        stub = interaction_service_pb2_grpc.InteractionServiceStub(channel)
        await stub.CreateInteraction(request, timeout=30)

    assert google.asked[0].body == {
        "model": "m",
        "input": "a",
        "tools": [{"type": "crystal_ball", "size": 1}],
        "brand_new": [1],
    }


@pytest.mark.parametrize("text", ["[1]", "{", '{"a": 1}, {"b": 2}', '"x"'])
async def test_text_that_is_no_object_reaches_nobody(text: str, tmp_path: Path) -> None:
    request = interaction_service_pb2.CreateInteractionRequest(model="m", rest=text)
    request.input.text = "a"
    async with (
        replaying(ANSWER) as google,
        serving(tmp_path, relay(google.url)) as site,
        grpc.aio.insecure_channel(site.grpc) as channel,
    ):
        stub = interaction_service_pb2_grpc.InteractionServiceStub(channel)
        with pytest.raises(grpc.aio.AioRpcError) as caught:
            await stub.CreateInteraction(request, timeout=30)

    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert not google.asked


MIXED = """
[endpoints.demo]
dialect = "scripted"
[models.demo]
endpoint = "demo"
"""

UNKNOWN = [
    ({"brand_new": 1}, "Unknown parameter 'brand_new'."),
    (
        {"input": [{"type": "user_input", "content": [{"type": "hologram"}]}]},
        "The value 'hologram' is not supported for 'input[0].content[0].type'.",
    ),
    (
        {"generation_config": {"novel": 1}},
        "Unknown parameter 'generation_config.novel'.",
    ),
    (
        {"generation_config": {"temperature": "hot"}},
        "Invalid input at 'generation_config.temperature': expected a number.",
    ),
]


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(("members", "message"), UNKNOWN)
async def test_models_of_other_dialects_refuse_what_is_not_known(
    members: dict[str, Any], message: str, stream: bool, tmp_path: Path
) -> None:
    sent = {"model": "demo", "input": "a", "stream": stream, **members}
    plain, mixed = tmp_path / "plain", tmp_path / "mixed"
    async with serving(plain, SCRIPTED) as site:
        expected = await site.call("POST", "interactions", sent)
    async with (
        replaying(ANSWER) as google,
        serving(mixed, relay(google.url), MIXED) as site,
    ):
        came = await site.call("POST", "interactions", sent)

    assert came == expected
    assert came[0] == 400
    assert came[1]["error"]["message"].startswith(message)
    assert not google.asked


@pytest.mark.parametrize(
    "name", ["previousInteractionId", "Store", "STREAM", "modelId", "Agent"]
)
async def test_nothing_is_decided_behind_this_servers_back(
    name: str, tmp_path: Path
) -> None:
    async with (
        replaying(ANSWER) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        status, body = await site.call(
            "POST", "interactions", {"model": "m", "input": "a", name: "v1_x"}
        )

    if name == "modelId":
        assert status == 200
    else:
        assert (status, len(google.asked)) == (400, 0)
        assert body["error"]["message"] == f"Unknown parameter '{name}'."


async def test_the_servers_own_key_and_the_callers_request_id_go_along(
    tmp_path: Path,
) -> None:
    async with (
        replaying(ANSWER) as google,
        serving(tmp_path, relay(google.url), keys="mine") as site,
    ):
        status, _ = await site.call(
            "POST",
            "interactions",
            {"model": "m", "input": "a"},
            headers={
                "x-goog-api-key": "mine",
                "x-request-id": "req-7",
                "api-revision": "2026-05-07",
            },
        )

    assert status == 200
    headers = google.asked[0].headers
    assert headers["x-goog-api-key"] == "upstream-s3cret"
    assert headers["x-request-id"] == "req-7"
    assert headers["api-revision"] == "2026-05-20"
    assert "mine" not in str(headers)


async def test_a_model_and_an_agent_can_have_another_name_there(
    tmp_path: Path,
) -> None:
    more = (
        '[models.fast]\nendpoint = "e"\nupstream = "gemini-9"\n'
        '[agents.research]\nendpoint = "e"\nupstream = "deep-9"\n'
    )
    agent = {"json": {"id": "v1_a", "status": "in_progress", "agent": "deep-9"}}
    named = {"json": {**ANSWER["json"], "model": "gemini-9"}}
    async with (
        replaying(named, agent) as google,
        serving(tmp_path, relay(google.url), more) as site,
    ):
        model = await site.create(model="fast", input="a")
        worker = await site.create(agent="research", input="a", background=True)

    assert (model["model"], worker["agent"]) == ("fast", "research")
    assert google.asked[0].body["model"] == "gemini-9"
    assert google.asked[1].body["agent"] == "deep-9"
    assert google.asked[1].body["background"] is True


async def upload(site: Site, data: bytes, kind: str) -> str:
    """Upload a file and return its address."""
    start = await site.client.post(
        f"{site.url}/upload/v1beta/files",
        headers={
            "X-Goog-Upload-Protocol": "resumable",
            "X-Goog-Upload-Command": "start",
            "X-Goog-Upload-Header-Content-Length": str(len(data)),
            "X-Goog-Upload-Header-Content-Type": kind,
        },
        json={"file": {}},
    )
    url = start.headers["X-Goog-Upload-URL"]
    done = await site.client.post(
        url,
        headers={
            "X-Goog-Upload-Offset": "0",
            "X-Goog-Upload-Command": "upload, finalize",
        },
        data=data,
    )
    body = await done.json()
    return str(body["file"]["uri"])


async def test_our_own_files_go_along_and_other_addresses_stay(tmp_path: Path) -> None:
    async with (
        replaying(ANSWER) as google,
        serving(tmp_path, relay(google.url)) as site,
    ):
        uri = await upload(site, b"%PDF-1.4 x", "application/pdf")
        await site.create(
            model="m",
            input=[
                {"type": "document", "uri": uri},
                {"type": "video", "uri": "gs://bucket/film.mp4"},
                {"type": "image", "uri": "http://10.0.0.1/a.png"},
            ],
        )

    document, video, image = google.asked[0].body["input"]
    assert document == {
        "type": "document",
        "data": "JVBERi0xLjQgeA==",
        "mime_type": "application/pdf",
    }
    assert video == {"type": "video", "uri": "gs://bucket/film.mp4"}
    assert image == {"type": "image", "uri": "http://10.0.0.1/a.png"}
