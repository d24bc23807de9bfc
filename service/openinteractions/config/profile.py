"""The facts that a configuration states about a model (`[models.NAME.profile]`)."""

from __future__ import annotations

from typing import Literal

import msgspec

from openinteractions.config.table import Table


class Profile(Table, frozen=True):
    """`[models.NAME.profile]`: facts about a model, as restrictions.

    The default of every fact is that the model can do it: what its server then
    refuses comes back as that server's 400. What a profile denies is answered with
    a 400 that names member and model, without asking the server. Only models of a
    model server have one: what the others can do is known.
    """

    tools: bool | Literal["native", "constrained"] = True
    """Function calls: `true` or `"native"` when the server makes them itself,
    `"constrained"` when they shall come from decoding constrained by a JSON schema,
    which any server with JSON schemas can do."""
    tool_choice: bool = True
    """Forced and forbidden calls (`tool_choice`)."""
    parallel_calls: bool = True
    """More than one call in a turn."""
    json_schema: bool = True
    """Output constrained by a JSON schema."""
    strict_schemas: bool = False
    """Ask for schemas in the strict mode, in which a schema has to require every
    property and to forbid others."""
    reasoning: bool | str = True
    """Thoughts: `true` reads whichever member the server puts them in, a name reads
    that one, `false` none."""
    reasoning_effort: bool = True
    """The level of thinking. Denied, `thinking_level` is ignored, not refused."""
    seed: bool = True
    """Repeatable sampling. Denied, `seed` is ignored, not refused."""
    stop: bool = True
    """Stop sequences."""
    penalties: bool = True
    """`presence_penalty` and `frequency_penalty`."""
    top_k: bool = True
    """Sampling from the k likeliest tokens."""
    vision: bool = True
    """Images as input."""
    audio: bool | list[str] = True
    """Sound as input; a list has the MIME types that it takes."""
    video: bool = True
    """Video as input."""
    files: bool | list[str] = True
    """Documents as input; a list has the MIME types that it takes. Others, where
    that is possible, are turned into text."""
    remote_urls: bool | list[Literal["image", "audio", "video", "document"]] = True
    """Media given by a URL that its server fetches; a list has the kinds of media.
    Denied, this server fetches them."""
    outputs: list[Literal["text", "image", "audio"]] | None = None
    """What it makes; the first is what it makes when a request asks for nothing.
    Images come from the Images API of its server, sound from its speech API. Not
    known: text, and whatever else a request asks for."""
    chat_media: bool = False
    """Images and sound come in its chat completions (`modalities`), not from APIs of
    their own. Dialect `chat` only."""
    image_sizes: tuple[str, ...] = ()
    """The sizes of images that it makes, such as "1536x1024". Empty: any."""
    image_edits: bool = True
    """Images made out of images."""
    image_base64: bool = False
    """Ask for the bytes of images where the answer would else have their URLs. Not
    all servers know the member for it, `response_format`."""
    image_previews: int | None = None
    """Have images streamed with that many previews, 0 to 3, which become thoughts.
    Not set: they are not streamed."""
    voices: dict[str, str] = msgspec.field(default_factory=dict)
    """Its voices by the names that clients send, in any case; `"*"` is every other,
    and none. Empty: clients send its own, none is "alloy"."""
    speakers: bool = True
    """Several voices in one recording, each line of the text by its speaker."""
    speech_rate: int = 24000
    """Samples per second of raw sound (audio/l16)."""
    max_output_tokens: int | None = None
    """The most it writes in a turn; a request for more gets this many."""
    max_tokens_member: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    """The member in which its server takes the limit of a turn."""
