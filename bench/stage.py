"""The stage: the backend and every subject, up at the same time and waiting.

Only one of them is under load at a time. Whatever a subject writes is in a folder of
its own, on the disk of the checkout, since a store in memory would be no store.
"""

from __future__ import annotations

import http.client
import json
import math
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from google.protobuf.message import Message

from bench.build import build
from bench.measure import Load, Measurement, MeasurementError, measure
from bench.places import CACHE
from bench.process import Process, StartError, prepare, running, start
from bench.rows import MODELS, Row
from bench.subjects import INPUT, OURSELVES, RAW, Launch, Subject
from openinteractions.v1 import interaction_pb2, interaction_service_pb2

WARM_SECONDS = 0.5
LEAST_SHARE = 0.95
"""Of the backend's time that a stream has to take."""
SERVICE = "openinteractions.v1.InteractionService"


@dataclass(slots=True)
class Player:
    """A subject that is up."""

    subject: Subject
    launch: Launch
    process: Process
    folder: Path
    chains: dict[int, str] = field(default_factory=dict)
    """Ids of the last turns of conversations, by their length."""

    def stored_bytes(self) -> int:
        """Return how large the database in its folder is."""
        return sum(file.stat().st_size for file in self.folder.glob("*.db*"))


class Stage:
    """Runs loads against the players."""

    def __init__(self, folder: Path, players: Sequence[Player]) -> None:
        self._folder = folder
        self.players = players
        self._others = 0
        self._load = build("load")
        self._grpc = build("grpc")

    def measure(self, player: Player, row: Row, seconds: float) -> Measurement:
        """Put a row's load on a player.

        Raises:
            MeasurementError: it could not be measured, or events were merged.
        """
        load = self._grpc_load if row.grpc else self.http_load
        beside = player.launch.beside
        figures = measure(load(player, row, seconds), player.process, beside)
        if row.stream:
            _check(figures, row, player.subject.name)
        return figures

    def another(self, subject: Subject) -> Player:
        """Start a further process of a subject, behind which is the same backend."""
        [raw] = [player for player in self.players if player.subject.name == RAW]
        self._others += 1
        folder = self._folder / f"{subject.name}-{self._others}"
        return launch(subject, folder, f"http://127.0.0.1:{raw.launch.port}/v1")

    def http_load(
        self, player: Player, row: Row, seconds: float, body: bytes | None = None
    ) -> Load:
        """Return a row's load for a player; `body` is another one than the row's."""
        subject = player.subject
        path = self._file(body or self._body(player, row))
        arguments = ["--port", str(player.launch.port), "--path", subject.path]
        arguments += ["--body", path, "--connections", str(row.connections)]
        if row.stream:
            arguments.append("--events")
        if row.once:
            arguments += ["--per-connection", "1"]
        warm = 0.0 if row.once else WARM_SECONDS
        return Load(self._load, arguments, seconds, warm)

    def _grpc_load(self, player: Player, row: Row, seconds: float) -> Load:
        method = "StreamCreateInteraction" if row.stream else "CreateInteraction"
        request: Message = interaction_service_pb2.CreateInteractionRequest(
            model=row.model, input=interaction_pb2.Input(text=INPUT)
        )
        body = self._file(request.SerializeToString())
        arguments = ["--port", str(player.launch.grpc_port), "--body", body]
        arguments += ["--method", f"/{SERVICE}/{method}"]
        arguments += ["--streams", str(row.connections)]
        if row.stream:
            arguments += ["--messages", str(row.tokens)]
        return Load(self._grpc, arguments, seconds, WARM_SECONDS)

    def _body(self, player: Player, row: Row) -> bytes:
        kept = row.turns if not row.told else 0
        return player.subject.body(
            row.model,
            stream=row.stream,
            store=row.store,
            previous=self._chain(player, kept) if kept else None,
            turns=row.turns - kept,
        )

    def _file(self, body: bytes) -> str:
        path = self._folder / "body"
        path.write_bytes(body)
        return str(path)

    def _chain(self, player: Player, turns: int) -> str:
        """Return the id of the last turn of a conversation, made when first asked."""
        if turns not in player.chains:
            subject, last = player.subject, None
            port = player.launch.port
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
            for _ in range(turns):
                body = subject.body("tokens-8", stream=False, store=True, previous=last)
                headers = {"Content-Type": "application/json"}
                connection.request("POST", subject.path, body, headers)
                last = json.loads(connection.getresponse().read())["id"]
            connection.close()
            player.chains[turns] = str(last)
        return player.chains[turns]


def _check(figures: Measurement, row: Row, subject: str) -> None:
    """Refuse what was there before the backend had said it.

    Events that were merged are refused from our server; with others it is noted.
    """
    fewest = figures["fewest_events"]
    if subject in OURSELVES and 0 < fewest < row.tokens:
        raise MeasurementError(f"{row.tokens} chunks came as {fewest:.0f} events")
    length = figures.get("latency_ms_p50", math.inf) / 1e3
    if length < row.stream_seconds * LEAST_SHARE:
        raise MeasurementError(
            f"a stream of {row.stream_seconds:g} s came in {length:.2f} s: "
            "the backend was not asked for a stream"
        )


@contextmanager
def staged(subjects: Sequence[Subject]) -> Iterator[Stage]:
    """Start the backend (the subject `raw`, always there) and the others behind it.

    A peer that does not start is told and left out.
    """
    with ExitStack() as stack:
        CACHE.mkdir(parents=True, exist_ok=True)
        folder = Path(
            stack.enter_context(tempfile.TemporaryDirectory(dir=CACHE, prefix="run-"))
        )
        players: list[Player] = []
        url = ""
        for subject in subjects:
            try:
                player = launch(subject, folder / subject.name, url)
            except StartError as error:
                if subject.name in {RAW, *OURSELVES}:
                    raise
                print(f"bench: {subject.name} does not start, left out:\n{error}")
                continue
            stack.enter_context(running(player.process))
            if subject.name == RAW:
                url = f"http://127.0.0.1:{player.launch.port}/v1"
            players.append(player)
        yield Stage(folder, players)


def launch(subject: Subject, folder: Path, url: str) -> Player:
    """Start a subject in a folder of its own.

    Raises:
        StartError: it does not come up.
    """
    folder.mkdir(parents=True, exist_ok=True)
    described = subject.launch(folder, url, MODELS)
    for command in described.before:
        prepare(command, folder=folder, environment=described.environment)
    process = start(
        described.command,
        port=described.port,
        path=described.health,
        folder=folder,
        environment=described.environment,
    )
    return Player(subject, described, process, folder)
