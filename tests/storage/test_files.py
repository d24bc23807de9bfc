"""The rows of files, in both stores."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from openinteractions.core.errors import UnavailableError
from openinteractions.engine.file_ports import FileStore
from openinteractions.storage.memory_files import MemoryFiles
from openinteractions.storage.sqlite import SqliteStore
from tests.storage.file_acceptance import FileAcceptance, file, finished, upload


class TestMemoryFiles(FileAcceptance):
    @pytest.fixture
    def files(self) -> FileStore:
        return MemoryFiles()


class TestSqliteFiles(FileAcceptance):
    @pytest.fixture
    async def files(self, tmp_path: Path) -> AsyncIterator[FileStore]:
        store = await SqliteStore.open(tmp_path / "interactions.db")
        yield store.files
        await store.close()

    async def test_rows_outlive_the_process(self, tmp_path: Path) -> None:
        path = tmp_path / "kept.db"
        store = await SqliteStore.open(path)
        await store.files.add(file("a"))
        await store.files.begin(upload("k"))
        await store.close()
        store = await SqliteStore.open(path)

        assert await store.files.get("a", "ann") == file("a")
        assert await store.files.find("k") == upload("k")
        await store.close()

    async def test_a_full_disk_is_said_and_changes_nothing(
        self, tmp_path: Path
    ) -> None:
        store = await SqliteStore.open(tmp_path / "full.db")
        await store.files.begin(upload("k"))
        claimed = await store.files.claim("k")
        assert claimed is not None

        def fill(connection: object) -> None:
            connection.execute("PRAGMA max_page_count = 1")  # type: ignore[attr-defined]

        await store._writer.write(fill)
        big = file("fk")
        big.file.display_name = "x" * 1_000_000
        with pytest.raises(UnavailableError, match="full"):
            await store.files.finish("k", claimed.epoch, big)

        assert await store.files.find("k") == claimed
        assert await store.files.get("fk", "ann") is None
        await store.close()

    async def test_what_is_deleted_leaves_no_trace(self, tmp_path: Path) -> None:
        store = await SqliteStore.open(tmp_path / "traces.db")
        await finished(store.files, "k")
        await store.files.delete("fk", "ann")
        await store.close()

        left = content(tmp_path)
        assert left
        assert b"of ann" not in left
        assert b"mine" not in left


def content(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.glob("traces.db*"))
