"""The model's server of a chaos run: slow, and its words say who asked and how often.

It speaks chat completions as far as streams of text go. What it says to a text is
`<text.attempt.number>` again and again, so that answers can be judged by themselves.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import re
from collections import Counter
from collections.abc import AsyncIterator

from aiohttp import web

WORDS = (5, 40)
PAUSES = (0.02, 0.05, 0.12)
"""Seconds between two words of one answer."""
TOKEN = re.compile(r"<(\w+)\.(\d+)\.(\d+)>")


class Model:
    """Counts how often each text was answered."""

    def __init__(self, chance: random.Random) -> None:
        self.asked: Counter[str] = Counter()
        self.words: dict[str, int] = {}
        self._chance = chance

    async def answer(self, request: web.Request) -> web.StreamResponse:
        """Answer the last text of the user."""
        body = await request.json()
        text = body["messages"][-1]["content"]
        if not isinstance(text, str):
            text = text[0]["text"]
        attempt = self.asked[text]
        self.asked[text] += 1
        words = self.words.setdefault(text, self._chance.randint(*WORDS))
        pause = self._chance.choice(PAUSES)
        said = [f"<{text}.{attempt}.{number}>" for number in range(words)]
        if not body.get("stream"):
            await asyncio.sleep(pause * words)
            message = {"role": "assistant", "content": "".join(said)}
            choice = {"index": 0, "message": message, "finish_reason": "stop"}
            return web.json_response({"id": "c", "choices": [choice]})
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        with contextlib.suppress(ConnectionError):  # who asked is killed now and then
            await response.prepare(request)
            for word in said:
                await response.write(_chunk({"content": word}))
                await asyncio.sleep(pause)
            await response.write(_chunk({}, "stop") + b"data: [DONE]\n\n")
        return response

    @contextlib.asynccontextmanager
    async def serving(self) -> AsyncIterator[str]:
        """Serve; give the base URL."""
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self.answer)
        runner = web.AppRunner(application, handler_cancellation=True)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            yield f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        finally:
            await runner.cleanup()

    def judge(self, text: str, answer: str, *, whole: bool) -> str | None:
        """Say what is wrong with an answer to a text, if anything is."""
        found = TOKEN.findall(answer)
        if "".join(f"<{a}.{b}.{c}>" for a, b, c in found) != answer:
            return "has other text than was said"
        if any(said != text for said, _, _ in found):
            return "has another's text"
        if len({attempt for _, attempt, _ in found}) > 1:
            return "mixes attempts"
        if [int(number) for *_, number in found] != list(range(len(found))):
            return "lacks text, or has some twice"
        if whole and len(found) != self.words.get(text):
            return "is not whole"
        return None


def _chunk(delta: dict[str, str], finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    body = {"id": "c", "object": "chat.completion.chunk", "choices": [choice]}
    return b"data: " + json.dumps(body).encode() + b"\n\n"
