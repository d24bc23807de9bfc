"""The store in PostgreSQL: the suites, and what only a server can show."""

from __future__ import annotations

import asyncio
import itertools
import os
import subprocess
import sys
from collections.abc import AsyncIterator, Sequence
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest

from openinteractions.core.errors import InternalError
from openinteractions.engine.file_ports import FileStore
from openinteractions.engine.store_ports import InteractionStore, Lease
from openinteractions.storage.postgres import adding
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from openinteractions.storage.postgres.text import original, plain
from tests.storage.acceptance import Acceptance
from tests.storage.file_acceptance import FileAcceptance
from tests.storage.records import Status, bounded, chain, page, record, turns

RUNNING = Status.INTERACTION_STATUS_IN_PROGRESS


@pytest.fixture
async def opened(database: str) -> AsyncIterator[PostgresStore]:
    store = await PostgresStore.open(Server(database))
    yield store
    await store.close()


@pytest.fixture
def store(opened: PostgresStore) -> InteractionStore:
    return bounded(opened)


class TestPostgresStore(Acceptance):
    """The suite, with everything in one process."""


class TestPostgresFiles(FileAcceptance):
    @pytest.fixture
    def files(self, opened: PostgresStore) -> FileStore:
        return opened.files


async def test_two_stores_on_one_database_see_each_other(
    database: str, opened: PostgresStore
) -> None:
    other = await PostgresStore.open(Server(database))
    await chain(opened, "a", "b")
    await asyncio.gather(
        *(other.add(record(f"o{number}"), ["a", "b"]) for number in range(20)),
        *(opened.add(record(f"p{number}"), ["a", "b"]) for number in range(20)),
    )
    assert await other.delete("b", "ann") is True

    assert await turns(opened, "o7") == ["a", "o7"]
    assert await turns(other, "p7") == ["a", "p7"]
    await other.close()


async def test_all_that_waits_is_one_statement(
    opened: PostgresStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    insert = adding.insert

    async def counted(connection: Any, rows: Sequence[adding.New]) -> list[str]:
        sizes.append(len(rows))
        return await insert(connection, rows)

    monkeypatch.setattr(adding, "insert", counted)
    await asyncio.gather(
        *(opened.add(record(f"a{number}"), []) for number in range(50))
    )
    large = [record(f"b{number}", says="x" * 3_000_000) for number in range(2)]
    await asyncio.gather(*(opened.add(one, []) for one in large))
    await asyncio.gather(
        *(opened.add(record(f"c{number:03}"), []) for number in range(200))
    )

    assert sizes == [50, 1, 1, 128, 72]


async def test_calls_about_one_interaction_keep_their_order(
    opened: PostgresStore,
) -> None:
    running = record("a", status=RUNNING)
    outcomes = await asyncio.gather(
        opened.add(running, [], lease=Lease("p", 60)),
        opened.add(record("a", says="second"), []),
        opened.add(record("b", continues="a"), ["a"]),
        opened.add(record("c", continues="b"), ["a", "b"]),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [
        type(None),
        InternalError,
        type(None),
        type(None),
    ]
    assert await turns(opened, "c") == ["a", "b", "c"]

    written = await asyncio.gather(
        *(opened.update(record("a", status=RUNNING, says=says), 1) for says in "xyz"),
        opened.update(record("a"), 1),
        opened.update(running, 1),
    )
    assert written == [True, True, True, True, False]
    assert await opened.get("a", "ann") == record("a")


async def test_a_call_that_was_cancelled_before_its_turn_changes_nothing(
    opened: PostgresStore,
) -> None:
    adding_ = asyncio.ensure_future(opened.add(record("a"), []))
    await asyncio.sleep(0)
    adding_.cancel()
    await opened.add(record("b"), [])

    assert adding_.cancelled()
    assert await page(opened) == ["b"]


async def test_settings_of_the_database_do_not_count(
    database: str, opened: PostgresStore
) -> None:
    name = urlsplit(database).path[1:]
    settings = {
        "synchronous_commit": "off",
        "default_transaction_isolation": "serializable",
        "statement_timeout": "0",
        "jit": "on",
    }
    connection = await asyncpg.connect(database)
    for setting, value in settings.items():
        await connection.execute(f"ALTER DATABASE {name} SET {setting} = '{value}'")
    found: dict[str, str] = {}

    async def look(connection: asyncpg.Connection, again: bool) -> None:
        for setting in settings:
            found[setting] = await connection.fetchval(f"SHOW {setting}")

    other = await PostgresStore.open(Server(database))
    await other._pool.run(look)
    assert found == {
        "synchronous_commit": "on",
        "default_transaction_isolation": "read committed",
        "statement_timeout": "10s",
        "jit": "off",
    }
    await connection.execute(f"ALTER DATABASE {name} RESET ALL")
    await connection.close()
    await other.close()


@pytest.mark.parametrize("text", ["", "a", "\\", "\0", "\\0", "\\\0", "é\0\0\\\\0"])
def test_any_text_has_a_form_without_nul(text: str) -> None:
    assert "\0" not in plain(text)
    assert original(plain(text)) == text


def test_forms_of_different_texts_differ() -> None:
    texts = {"".join(parts) for parts in itertools.product("\\\0" + "0", repeat=4)}

    assert len({plain(text) for text in texts}) == len(texts)


def test_without_postgresql_its_driver_is_not_loaded() -> None:
    program = "import sys, openinteractions.server; print('asyncpg' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)},
        check=True,
        capture_output=True,
        text=True,
        timeout=60,
    )

    assert done.stdout == "False\n"
