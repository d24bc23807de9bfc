"""Claims in PostgreSQL: among real processes, and by indexes."""

from __future__ import annotations

import asyncio
from types import ModuleType

import asyncpg
import pytest

from openinteractions.engine.store_ports import Lease
from openinteractions.storage.postgres import (
    adding,
    files,
    queueing,
    runs,
    store,
    updating,
)
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.storage.claimer import LIVES
from tests.storage.claiming import claim_everything
from tests.storage.records import Status, record

VERBS = ("SELECT", "INSERT", "UPDATE", "DELETE", "WITH")


def statements(module: ModuleType) -> dict[str, str]:
    """The statements of a module, by their names."""
    return {
        f"{module.__name__.rpartition('.')[2]}.{name}": text
        for name, text in vars(module).items()
        if isinstance(text, str)
        and name[0].isupper()
        and name.isupper()
        and text.strip().startswith(VERBS)
        and "pg_advisory" not in text
    }


STATEMENTS = {
    name: text
    for module in (adding, files, queueing, runs, store, updating)
    for name, text in statements(module).items()
}

PARAMETERS = """
SELECT cardinality(parameter_types) FROM pg_prepared_statements WHERE name = 'one'
"""

FEW = ("Seq Scan on processes",)
"""Of these there are as many as there are processes."""


async def test_processes_claim_everything_once_and_what_one_leaves_once_more(
    database: str,
) -> None:
    opened = await PostgresStore.open(Server(database))
    await claim_everything(opened, database)
    await opened.close()


@pytest.mark.parametrize("name", sorted(STATEMENTS))
async def test_no_statement_reads_all_of_a_table(database: str, name: str) -> None:
    connection = await Server(database).connect()
    await connection.execute("SET plan_cache_mode = force_generic_plan")
    await connection.execute(f"PREPARE one AS {STATEMENTS[name]}")
    count = await connection.fetchval(PARAMETERS)
    given = f"({', '.join(['NULL'] * count)})" if count else ""
    plan = await connection.fetch(f"EXPLAIN EXECUTE one{given}")
    await connection.close()
    lines = [line.strip(" ->") for (line,) in plan]

    assert [
        line
        for line in lines
        if line.startswith("Seq Scan") and not line.startswith(FEW)
    ] == []


async def test_of_a_sign_of_life_and_a_claim_one_comes_first(database: str) -> None:
    stores = [await PostgresStore.open(Server(database)) for _ in range(2)]
    running = record("a", status=Status.INTERACTION_STATUS_IN_PROGRESS)
    await stores[0].add(running, [], lease=Lease("p0", 0))
    holder = "p0"
    for number in range(1, 60):
        claimer = f"p{number}"
        renewed, claimed = await asyncio.gather(
            stores[0].renew(Lease(holder, LIVES)),
            stores[1].claim(Lease(claimer, 0), 1),
        )
        assert len(renewed.held) + len(claimed) in (1, 2)
        # Who still holds it after its sign of life was not robbed after it.
        held = (await stores[0].renew(Lease(holder, 0))).held
        assert held == ({} if claimed else renewed.held)
        if claimed:
            holder = claimer
    for one in stores:
        await one.close()


async def test_processes_that_are_gone_are_forgotten(database: str) -> None:
    opened = await PostgresStore.open(Server(database))
    running = record("a", status=Status.INTERACTION_STATUS_IN_PROGRESS)
    await opened.add(running, [], lease=Lease("holds", LIVES))
    for name in ("holds", "gone"):
        await opened.renew(Lease(name, 0))
    await opened.renew(Lease("lives", LIVES))
    connection = await asyncpg.connect(database)
    rows = await connection.fetch("SELECT process FROM processes ORDER BY process")
    await connection.close()

    assert [name for (name,) in rows] == ["holds", "lives"]
    await opened.close()
