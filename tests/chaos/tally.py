"""What a chaos run has acknowledged, and what of it was wrong."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import asdict, dataclass, field
from pathlib import Path

from openinteractions.v1 import interaction_pb2


@dataclass
class Promise:
    """An interaction whose id a client has."""

    text: str
    kind: str
    cancelled: bool = False
    deleting: bool = False
    told: bytes | None = None
    """What a client was told of it, folded, when it was told its end."""


@dataclass
class Tally:
    """All of it."""

    promises: dict[str, Promise] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    failures: Counter[str] = field(default_factory=Counter)
    """Calls that failed, and were tried again, by what they said."""
    events: int = 0
    resumes: int = 0
    duplicates: int = 0
    statuses: Counter[str] = field(default_factory=Counter)

    def promise(self, name: str, text: str, kind: str) -> Promise:
        """Note that a client has an id."""
        known = self.promises.setdefault(name, Promise(text, kind))
        if known.text != text:
            self.wrong.append(f"{name} was given to {known.text} and to {text}")
        return known

    def ended(self, interaction: interaction_pb2.Interaction) -> None:
        """Note how one has ended."""
        word = interaction_pb2.InteractionStatus.Name(interaction.status)
        self.statuses[word.removeprefix("INTERACTION_STATUS_").lower()] += 1


@dataclass
class Figures:
    """What is published of a run."""

    seconds: float
    replicas: int
    workers: int
    kills: int
    restarts_of_postgres: int
    restarts_of_nats: int
    creates: int
    creates_in_background: int
    streams_resumed: int
    events_read: int
    calls_that_failed: int
    lost: int
    events_twice: int
    never_ended: int
    other_errors: int
    asked_again: int
    """Calls to the model that began anew because their process was lost."""

    def save(self, path: Path) -> None:
        """Write them."""
        path.write_text(json.dumps(asdict(self), indent=2) + "\n")
