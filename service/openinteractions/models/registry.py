"""The configured models by the names that clients send, and their endpoints.

Exact names beat `*`. Endpoints and models are made when they are first asked for, and
live until the registry is closed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Protocol

from openinteractions.config import settings
from openinteractions.core.errors import UnknownModelError
from openinteractions.engine.ports import Model
from openinteractions.models.chat.media import MediaChat
from openinteractions.models.chat.model import Chat
from openinteractions.models.constrained.model import Constrained
from openinteractions.models.images.model import Images
from openinteractions.models.outputs import Outputs
from openinteractions.models.profile import Profile, Tools, from_settings
from openinteractions.models.responses.model import Responses
from openinteractions.models.scripted.model import Scripted
from openinteractions.models.speech.model import Speech
from openinteractions.models.transport.endpoint import Endpoint
from openinteractions.v1 import interaction_service_pb2

Request = interaction_service_pb2.CreateInteractionRequest

ANY = "*"
RELAYED = "gemini"
"""The dialect whose endpoints make no model events."""

_LISTED = 20
"""How many names an error lists."""


class Host(Protocol):
    """An endpoint of the configuration, from which its models are had."""

    def model(self, settings: settings.Model) -> Model | Outputs:
        """Return a model of the endpoint. Does no I/O."""

    def warm(self) -> None:
        """Begin, in the background, whatever would make the first answer slow."""

    async def close(self) -> None:
        """Let go of whatever the endpoint holds."""


class ServerHost:
    """A model server: it speaks the dialect `chat` or `responses`."""

    def __init__(
        self, name: str, configured: settings.Endpoint, *, api_key: str | None
    ) -> None:
        self._dialect = configured.dialect
        self._endpoint = Endpoint(
            name,
            base_url=configured.base_url or "",
            api_key=api_key,
            headers=configured.headers,
            api_version=configured.api_version,
            connect_timeout=configured.connect_timeout_seconds,
            first_byte_timeout=configured.first_byte_timeout_seconds,
            between_chunks_timeout=configured.between_chunks_timeout_seconds,
        )

    def model(self, settings: settings.Model) -> Outputs:
        """Return a model of the server."""
        profile = from_settings(settings.profile)
        speak = Responses if self._dialect == "responses" else Chat
        model: Model = speak(
            self._endpoint, upstream=settings.upstream, profile=profile
        )
        if profile.tools is Tools.CONSTRAINED:
            model = Constrained(model, endpoint=self._endpoint.name)
        image, audio = self._media(settings.upstream, profile)
        return Outputs(text=model, image=image, audio=audio, profile=profile)

    def _media(self, upstream: str | None, profile: Profile) -> tuple[Model, Model]:
        """Return what makes images, and what makes sound."""
        at = self._endpoint
        if profile.chat_media:
            return (
                MediaChat(at, kind="image", upstream=upstream, profile=profile),
                MediaChat(at, kind="audio", upstream=upstream, profile=profile),
            )
        return (
            Images(at, upstream=upstream, profile=profile),
            Speech(at, upstream=upstream, profile=profile),
        )

    def warm(self) -> None:
        """Do nothing: nobody may ever ask, and then nothing should have been opened."""

    async def close(self) -> None:
        """Close the connections."""
        await self._endpoint.close()


class ScriptedHost:
    """Whoever plays the scripts of the `scripted` dialect."""

    def __init__(self, name: str) -> None:
        self._name = name

    def model(self, settings: settings.Model) -> Model:
        """Return a model whose upstream name, if it has one, is its script."""
        return Scripted(self._name, script=settings.upstream)

    def warm(self) -> None:
        """Do nothing."""

    async def close(self) -> None:
        """Do nothing."""


class Registry:
    """The models of a configuration (see `engine.ports.Models`).

    Args:
        endpoints: the configured endpoints by name.
        models: the configured models by the names that clients send.
        api_key: returns the key of the named endpoint, or None.
        embedded: makes the host of an endpoint of the `embedded` dialect.

    Endpoints of the `gemini` dialect have no models here: what is asked of them never
    comes this far (see `gemini.relays`).
    """

    def __init__(
        self,
        endpoints: Mapping[str, settings.Endpoint],
        models: Mapping[str, settings.Model],
        *,
        api_key: Callable[[str], str | None],
        embedded: Callable[[str, settings.Endpoint], Host],
    ) -> None:
        self._endpoints = endpoints
        self._configured = models
        self._api_key = api_key
        self._embedded = embedded
        self._hosts: dict[str, Host] = {}
        self._models: dict[str, Model | Outputs] = {}

    def resolve(self, request: Request) -> Model:
        """Return the model that a request asks for (see `ports.Models`)."""
        found = self._find(request.model)
        return found.pick(request) if type(found) is Outputs else found

    def _find(self, name: str) -> Model | Outputs:
        key = name if name in self._configured else ANY
        model = self._models.get(key)
        if model is None:
            configured = self._configured.get(key)
            if configured is None:
                raise self._unknown(name)
            model = self._host(configured.endpoint).model(configured)
            self._models[key] = model
        return model

    def warm(self) -> None:
        """Get the only endpoint ready in the background, if there is but one."""
        names = {model.endpoint for model in self._configured.values()}
        if len(names) != 1:
            return
        (name,) = names
        if self._endpoints[name].dialect != RELAYED:
            self._host(name).warm()

    async def close(self) -> None:
        """Close every endpoint; what is under way there breaks off."""
        hosts = list(self._hosts.values())
        self._hosts.clear()
        self._models.clear()
        for host in hosts:
            await host.close()

    def _host(self, name: str) -> Host:
        host = self._hosts.get(name)
        if host is None:
            host = self._hosts[name] = self._open(name, self._endpoints[name])
        return host

    def _open(self, name: str, endpoint: settings.Endpoint) -> Host:
        match endpoint.dialect:
            case "chat" | "responses":
                return ServerHost(name, endpoint, api_key=self._api_key(name))
            case "scripted":
                return ScriptedHost(name)
            case "embedded":
                return self._embedded(name, endpoint)
            case "gemini":
                raise AssertionError(f"{name} is a relay")

    def _unknown(self, name: str) -> UnknownModelError:
        known = sorted(self._configured)
        listed = ", ".join(known[:_LISTED])
        more = ", …" if len(known) > _LISTED else ""
        return UnknownModelError(
            f"model: no model is called {name[:200]!r}; known are: {listed}{more}.",
            field="model",
        )
