"""Models of the scripted model server that make images and sound."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from openinteractions.core.model_events import ModelEvent
from openinteractions.engine.ports import ModelRequest
from openinteractions.models.images.model import Images
from openinteractions.models.profile import Profile
from openinteractions.models.speech.model import Speech
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import content_pb2, step_pb2
from tests.backend import made
from tests.backend.app import Backend
from tests.models.asking import contents
from tests.models.events import flat
from tests.models.servers import scripted_backend


class Studio:
    """A model server, and ways to ask it."""

    def __init__(self, endpoint: Endpoint, backend: Backend) -> None:
        self._endpoint = endpoint
        self._backend = backend

    def images(self, **facts: Any) -> Images:
        """Give its images, with facts of their profile."""
        return Images(self._endpoint, upstream=None, profile=Profile(**facts))

    def speech(self, **facts: Any) -> Speech:
        """Give its speech, with facts of its profile."""
        return Speech(self._endpoint, upstream=None, profile=Profile(**facts))

    def asked(self, model: str) -> list[dict[str, Any]]:
        """Give the bodies of the requests for a model, oldest first."""
        return [kept["body"] for kept in self._backend.requests[model]]


@asynccontextmanager
async def studio() -> AsyncIterator[Studio]:
    """Serve images and speech."""
    backend = Backend()
    async with scripted_backend(backend) as url:
        endpoint = Endpoint("studio", base_url=url)
        try:
            yield Studio(endpoint, backend)
        finally:
            await endpoint.close()


async def whole(model: Images | Speech, request: ModelRequest) -> list[ModelEvent]:
    """Ask for one whole answer."""
    return list(await model.generate(request))


async def streamed(model: Images | Speech, request: ModelRequest) -> list[ModelEvent]:
    """Ask for an answer piece by piece."""
    batches = [batch async for batch in model.stream(request)]
    assert all(batches), "no batch is empty"
    return flat(batches)


WAYS = {"unary": whole, "stream": streamed}


def picture(about: str, mime_type: str = "image/png") -> content_pb2.Content:
    """Give an image."""
    image = content_pb2.ImageContent(data=made.image(about), mime_type=mime_type)
    return content_pb2.Content(image=image)


def shows(*texts: str, images: tuple[content_pb2.Content, ...] = ()) -> step_pb2.Step:
    """Give an input with texts and images."""
    given = [*contents(*texts), *images]
    return step_pb2.Step(user_input=step_pb2.UserInputStep(content=given))


def drew(*images: content_pb2.Content) -> step_pb2.Step:
    """Give an answer with images."""
    return step_pb2.Step(model_output=step_pb2.ModelOutputStep(content=images))
