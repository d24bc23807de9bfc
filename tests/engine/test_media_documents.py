"""Documents become text where the model takes none."""

from __future__ import annotations

import pytest

from openinteractions.engine.ports import Accepts
from openinteractions.tools.documents.reader import Documents
from tests.engine.prepared import NOTHING, PDF, asking, medium, prepare, ready


@pytest.mark.parametrize("accepts", [NOTHING, Accepts(documents=frozenset({"a/b"}))])
async def test_a_pdf_becomes_text_where_the_model_takes_none(accepts: Accepts) -> None:
    found = await ready(medium("document", data=PDF), accepts)

    assert found.text.text == (
        "[document, application/pdf]\n[page 1]\nOne\n\n[page 2]\nTwo\n"
        "[end of the document]"
    )


async def test_text_formats_become_text_where_servers_take_only_others() -> None:
    accepts = Accepts(text_formats=False)
    latin = medium(
        "document",
        data="größe".encode("latin-1"),
        mime_type="text/plain; charset=latin-1",
    )

    told = await ready(latin, accepts)
    assert told.text.text == "[document, text/plain]\ngröße\n[end of the document]"
    assert (await ready(medium("document", data=PDF), accepts)).HasField("document")


async def test_a_document_of_a_named_type_stays_one() -> None:
    accepts = Accepts(documents=frozenset({"text/csv"}), text_formats=False)
    given = medium("document", data=b"a,b", mime_type="text/csv")

    assert await ready(given, accepts) == given


async def test_documents_are_read_in_turns_of_their_owners(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    owners: list[str] = []

    async def read(*_: object, owner: str, **__: object) -> str:
        owners.append(owner)
        return "said"

    monkeypatch.setattr(Documents, "read", read)
    accepts = Accepts(remote=frozenset(), documents=frozenset())
    content = medium("document", data=b"a,b", mime_type="text/csv")
    await prepare(asking(content), accepts, owner="ann")

    assert owners == ["ann"]
