"""Files uploaded here, put into requests to servers that cannot reach them."""

from __future__ import annotations

import pytest

from openinteractions.core.errors import RequestError
from openinteractions.engine.own_files import Inliner
from openinteractions.v1 import content_pb2, interaction_pb2
from tests.engine.rig import Caller
from tests.engine.shelf import Shelf

ANN = Caller(owner="ann")


async def images(made: Shelf, *all_data: bytes) -> interaction_pb2.Input:
    """Upload images and return an input that names them."""
    value = interaction_pb2.Input()
    for data in all_data:
        file = await made.upload(data, caller=ANN, mime_type="image/png")
        image = content_pb2.ImageContent(uri=file.uri)
        value.contents.items.append(content_pb2.Content(image=image))
    return value


async def test_files_that_fit_together_are_put_in(made: Shelf) -> None:
    value = await images(made, b"abc", b"de")
    await Inliner(made.files, limit=5).inline(value, "ann")

    found = [content.image for content in value.contents.items]
    assert found == [
        content_pb2.ImageContent(data=b"abc", mime_type="image/png"),
        content_pb2.ImageContent(data=b"de", mime_type="image/png"),
    ]


async def test_files_that_are_too_large_together_are_refused(made: Shelf) -> None:
    value = await images(made, b"abc", b"de")
    with pytest.raises(RequestError) as caught:
        await Inliner(made.files, limit=4).inline(value, "ann")

    assert caught.value.field == "input[1].uri"


async def test_files_of_others_are_refused(made: Shelf) -> None:
    value = await images(made, b"abc")
    with pytest.raises(RequestError) as caught:
        await Inliner(made.files, limit=4).inline(value, "bob")

    assert caught.value.field == "input[0].uri"
