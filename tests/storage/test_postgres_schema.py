"""The schema of a PostgreSQL database, and databases that cannot be used."""

from __future__ import annotations

import asyncio
from importlib import resources
from urllib.parse import urlsplit

import asyncpg
import pytest

from openinteractions.config.store import without_password
from openinteractions.core.errors import UnavailableError
from openinteractions.storage.migrate import Migration, UnusableStoreError, migrations
from openinteractions.storage.postgres import schema as module
from openinteractions.storage.postgres.schema import migrate
from openinteractions.storage.postgres.server import Server
from openinteractions.storage.postgres.store import PostgresStore
from tests.postgres import PASSWORD, create
from tests.storage.records import record

NAMES = [step.name for step in migrations("postgres")]

SHAPE = """
SELECT relname::text, attname::text, format_type(atttypid, atttypmod), attnotnull,
    attidentity::text, attcollation::regcollation::text,
    pg_get_expr(adbin, adrelid)
FROM pg_attribute JOIN pg_class ON pg_class.oid = attrelid
LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND attnum > 0
    AND NOT attisdropped
UNION ALL
SELECT '', pg_get_indexdef(indexrelid), '', false, '', '', ''
FROM pg_index JOIN pg_class ON pg_class.oid = indrelid
WHERE relnamespace = 'public'::regnamespace
UNION ALL
SELECT conrelid::regclass::text, pg_get_constraintdef(oid), '', false, '', '', ''
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
ORDER BY 1, 2
"""


@pytest.fixture
async def url(postgres: str) -> str:
    """The URL of a new database."""
    return await create(postgres)


async def statement(url: str, *statements: str) -> None:
    connection = await asyncpg.connect(url)
    for one in statements:
        await connection.execute(one)
    await connection.close()


async def shape(url: str) -> list[tuple[object, ...]]:
    connection = await asyncpg.connect(url)
    rows = await connection.fetch(SHAPE)
    await connection.close()
    return [tuple(row) for row in rows if module.NOTES not in f"{row[0]}{row[1]}"]


async def refused(server: Server) -> str:
    with pytest.raises(UnusableStoreError) as caught:
        await PostgresStore.open(server)
    text = str(caught.value)
    assert text.startswith(
        f"the database {without_password(server.url)} cannot be used: "
    )
    assert "\n" not in text
    assert PASSWORD not in text
    return text


def test_migrations_are_numbered_without_gaps() -> None:
    numbers = [step.number for step in migrations("postgres")]

    assert numbers == list(range(1, len(numbers) + 1))


async def test_the_snapshot_is_what_the_migrations_make(
    url: str, postgres: str
) -> None:
    folder = resources.files("openinteractions.storage") / "sql" / "postgres"
    snapshot = (folder / "schema.sql").read_text("utf-8")
    own = await create(postgres)
    await migrate(Server(url))
    await statement(own, snapshot)

    made = await shape(url)
    assert len(made) > 50
    assert await shape(own) == made


async def test_an_empty_database_gets_every_migration_and_an_old_one_what_it_lacks(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(url)
    assert "it is empty; run `openinteractions migrate`" in await refused(server)
    assert await migrate(server) == NAMES
    assert await migrate(server) == []

    number = len(NAMES) + 1
    added = Migration(number, "later.sql", "CREATE TABLE later (x int); SELECT 1;")
    every = [*migrations("postgres"), added]
    monkeypatch.setattr(module, "migrations", lambda _: every)
    text = await refused(server)
    assert f"schema is number {number - 1}, older than number {number}" in text
    assert text.endswith("run `openinteractions migrate`")
    assert await migrate(server) == ["later.sql"]
    store = await PostgresStore.open(server)
    await store.add(record("a"), [])
    await store.close()


async def test_a_migration_that_fails_leaves_nothing_behind(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Server(url)
    await migrate(server)
    before = await shape(url)
    script = "CREATE TABLE half (x int); INSERT INTO nowhere VALUES (1);"
    broken = Migration(len(NAMES) + 1, "broken.sql", script)
    every = [*migrations("postgres"), broken]
    monkeypatch.setattr(module, "migrations", lambda _: every)
    with pytest.raises(UnusableStoreError, match="nowhere"):
        await migrate(server)

    assert await shape(url) == before
    assert "older" in await refused(server)


async def test_a_migration_takes_its_time(
    url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = Migration(1, "slow.sql", "SELECT pg_sleep(0.2)")
    monkeypatch.setattr(module, "migrations", lambda _: [slow])

    assert await migrate(Server(url, answer_seconds=0.05)) == ["slow.sql"]


async def test_those_who_migrate_at_once_apply_each_migration_once(url: str) -> None:
    applied = await asyncio.gather(*(migrate(Server(url)) for _ in range(4)))

    assert sorted(name for names in applied for name in names) == NAMES


async def test_a_newer_schema_is_refused_and_left_as_it_is(url: str) -> None:
    server = Server(url)
    await migrate(server)
    newer = len(NAMES) + 1
    await statement(url, f"INSERT INTO {module.NOTES} VALUES ({newer}, 'x')")  # noqa: S608
    before = await shape(url)

    says = f"schema is number {newer}, newer than number {newer - 1}"
    assert says in await refused(server)
    with pytest.raises(UnusableStoreError, match=says):
        await migrate(server)
    assert await shape(url) == before


async def test_tables_of_another_application_are_left_alone(url: str) -> None:
    await statement(url, "CREATE TABLE files (name text)", "CREATE TABLE more (x int)")
    before = await shape(url)

    assert "tables of another application" in await refused(Server(url))
    with pytest.raises(UnusableStoreError, match="another application"):
        await migrate(Server(url))
    assert await shape(url) == before


async def test_a_schema_of_ones_own_keeps_out_of_others_way(url: str) -> None:
    await statement(url, "CREATE TABLE files (name text)", "CREATE SCHEMA own")
    server = Server(f"{url}?search_path=own")
    assert await migrate(server) == NAMES
    store = await PostgresStore.open(server)
    await store.add(record("a"), [])

    assert await store.get("a", "ann") == record("a")
    await store.close()


async def test_a_password_can_come_beside_the_url(url: str) -> None:
    parts = urlsplit(url)
    place = parts.netloc.replace(f":{PASSWORD}", "")
    bare = parts._replace(netloc=place).geturl()
    assert await migrate(Server(bare, password=PASSWORD)) == NAMES

    text = await refused(Server(bare, password="wrong"))
    assert "authentication failed" in text


async def test_what_does_not_pass_by_itself_is_told_at_once(postgres: str) -> None:
    parts = urlsplit(postgres)
    cases = {
        parts._replace(path="/nowhere").geturl(): "does not exist",
        postgres.replace(f":{PASSWORD}", ":wrong"): "authentication failed",
        f"{postgres}?sslmode=require": "rejected SSL upgrade",
        f"{postgres}?sslmode=verify-full&sslrootcert=/none": "a certificate",
    }
    for url, says in cases.items():
        assert says in await refused(Server(url))


async def test_a_server_that_is_not_there_is_waited_for(
    postgres: str, caplog: pytest.LogCaptureFixture
) -> None:
    parts = urlsplit(postgres)
    cases = {
        postgres.replace(f":{parts.port}/", ":1/"): "nothing listens",
        postgres.replace("127.0.0.1", "nowhere.invalid"): "nowhere.invalid",
        f"{postgres}?target_session_attrs=standby": "standby",
        "postgresql://ann@/db?host=/nowhere": "No such file",
        "postgresql://ann@%2Fnowhere/db": "No such file",
    }
    for url, says in cases.items():
        caplog.clear()
        store = await PostgresStore.open(Server(url))
        with pytest.raises(UnavailableError) as caught:
            await store.get("a", "ann")
        assert caught.value.retry_after is not None
        await asyncio.sleep(0)
        assert not store.opened.done()
        await store.close()
        assert store.opened.cancelled()
        (line,) = caplog.messages
        assert says in line
        assert PASSWORD not in line


@pytest.mark.parametrize("mode", ["disable", "prefer", "require"])
async def test_a_door_with_no_server_behind_it_is_waited_for(
    mode: str, caplog: pytest.LogCaptureFixture
) -> None:
    async def hang_up(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        await reader.read(1)
        writer.close()

    door = await asyncio.start_server(hang_up, "127.0.0.1", 0)
    async with door:
        (end,) = door.sockets
        place = f"127.0.0.1:{end.getsockname()[1]}"
        store = await PostgresStore.open(
            Server(f"postgresql://ann@{place}/db?sslmode={mode}")
        )
        await asyncio.sleep(0)
        assert not store.opened.done()
        await store.close()
    (line,) = caplog.messages
    assert "hangs up" in line or "closed" in line


async def test_to_migrate_a_server_has_to_be_there(postgres: str) -> None:
    url = postgres.replace(f":{urlsplit(postgres).port}/", ":1/")
    with pytest.raises(UnusableStoreError, match="nothing listens"):
        await migrate(Server(url, patience_seconds=0.05))
