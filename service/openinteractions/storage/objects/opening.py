"""Opens the objects that the configuration names.

What a bucket needs is imported only when there is one: it costs memory and start-up
time, and is an extra of the package.
"""

from __future__ import annotations

from typing import Protocol

from openinteractions.config import Config
from openinteractions.engine.file_ports import Objects
from openinteractions.storage.migrate import UnusableStoreError
from openinteractions.storage.objects.directory import DirectoryObjects


async def open_objects(config: Config) -> ClosableObjects:
    """Open the directory or the bucket.

    Raises:
        UnusableStoreError: it cannot be used; the text says why.
    """
    bucket = config.objects.bucket
    if bucket is None:
        return await DirectoryObjects.open(config.objects.path(config.store.path))
    try:
        from openinteractions.storage.objects.bucket import Place  # noqa: PLC0415
        from openinteractions.storage.objects.s3 import S3Objects  # noqa: PLC0415
    except ModuleNotFoundError as error:
        raise UnusableStoreError(
            f"a bucket needs the package {error.name}, which is not installed; "
            'pip install "openinteractions[s3]"'
        ) from None
    name, prefix = bucket
    place = Place(
        bucket=name,
        prefix=prefix,
        endpoint_url=config.objects.endpoint_url,
        region=config.objects.region,
        credentials=config.bucket_key,
    )
    return await S3Objects.open(place)


class ClosableObjects(Objects, Protocol):
    """`Objects` with an end."""

    async def close(self) -> None:
        """Finish what was begun, let go of the rest."""
