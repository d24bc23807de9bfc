"""The PostgreSQL store while its server refuses: what fails, what is tried again."""

from __future__ import annotations

import asyncio

import asyncpg
import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.storage.postgres import server as server_module
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.storage.postgres_failures.calls import RUNNING, P, statement
from tests.storage.records import bounded, chain, page, record, turns


async def test_a_store_that_may_not_be_written_can_be_read(
    url: str, opened: PostgresStore
) -> None:
    store = bounded(opened)
    await store.add(record("a"), [])
    await statement(url, "ALTER ROLE tester SET default_transaction_read_only = on")
    await opened._pool.run(terminate)
    with pytest.raises(UnavailableError, match="cannot be written"):
        await store.add(record("b"), [])
    assert await page(store) == ["a"]
    await statement(
        url,
        "SET default_transaction_read_only = off",
        "ALTER ROLE tester RESET default_transaction_read_only",
    )

    # The refusal was taken for a server that has become a standby.
    with pytest.raises(UnavailableError, match="cannot be written"):
        await store.add(record("b"), [])
    await store.add(record("b"), [])
    assert await page(store) == ["b", "a"]


async def terminate(connection: asyncpg.Connection, again: bool) -> None:
    if not again:
        await connection.execute("SELECT pg_terminate_backend(pg_backend_pid())")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("53100", "full"),
        ("53200", "cannot be reached"),
        ("57014", "takes too long"),
        ("58030", "cannot be reached"),
        ("XX001", "cannot be reached"),
    ],
)
async def test_a_failure_of_the_server_changes_nothing_and_passes(
    url: str, opened: PostgresStore, code: str, says: str
) -> None:
    store = bounded(opened)
    await chain(store, "a", "b")
    await store.add(record("r", status=RUNNING), [], lease=P)
    await statement(url, *broken(code))
    outcomes = await asyncio.gather(
        store.add(record("c"), ["a", "b"]),
        store.update(record("r"), 1),
        store.delete("a", "ann"),
        store.add(record("d"), []),
        return_exceptions=True,
    )
    assert [type(outcome) for outcome in outcomes] == [UnavailableError] * 4
    assert all(says in str(outcome) for outcome in outcomes)
    assert await page(store) == ["r", "b", "a"]
    assert await store.get("r", "ann") == record("r", status=RUNNING)
    await statement(url, *MENDED)

    await store.add(record("c"), ["a", "b"])
    assert await store.update(record("r"), 1) is True
    assert await turns(store, "c") == ["a", "b", "c"]


def broken(code: str, times: int = 1000) -> list[str]:
    """Make every statement that changes interactions fail, for some times."""
    return [
        f"CREATE SEQUENCE failures MAXVALUE {times + 1}",
        f"""
        CREATE FUNCTION break() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN
            IF nextval('failures') <= {times} THEN
                RAISE EXCEPTION 'broken' USING ERRCODE = '{code}';
            END IF;
            PERFORM setval('failures', {times});
            RETURN NULL;
        END $$
        """,
        """
        CREATE TRIGGER breaks BEFORE INSERT OR UPDATE OR DELETE ON interactions
        FOR EACH STATEMENT EXECUTE FUNCTION break()
        """,
    ]


MENDED = ["DROP FUNCTION break() CASCADE", "DROP SEQUENCE failures"]


@pytest.mark.parametrize("code", ["40001", "40P01"])
async def test_what_clashes_with_others_is_tried_again(
    url: str, opened: PostgresStore, code: str
) -> None:
    store = bounded(opened)
    await store.add(record("a"), [])
    await statement(url, *broken(code, times=3))
    try:
        await store.add(record("b"), ["a"])
        assert await turns(store, "b") == ["a", "b"]
        await statement(url, "SELECT setval('failures', 1)")
        assert await store.delete("a", "ann") is True
    finally:
        await statement(url, *MENDED)

    assert await turns(store, "b") == ["b"]


async def test_a_lock_that_is_held_too_long_is_said(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        server_module,
        "SETTINGS",
        f"{server_module.SETTINGS}; SET lock_timeout = '20ms'",
    )
    opened = await PostgresStore.open(Server(url))
    store = bounded(opened)
    other = await asyncpg.connect(url)
    async with other.transaction():
        await other.execute("LOCK TABLE interactions")
        for call in (store.get("a", "ann"), store.add(record("a"), [])):
            with pytest.raises(UnavailableError, match="locked"):
                await call
    await store.add(record("a"), [])

    assert await page(store) == ["a"]
    await other.close()
    await opened.close()
