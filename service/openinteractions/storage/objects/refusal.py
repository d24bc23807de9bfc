"""What a bucket says instead of doing what it is asked, and what that means."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from botocore.exceptions import BotoCoreError, ClientError

from openinteractions.core.errors import NotFoundError, UnavailableError

RETRY_AFTER_SECONDS = 1.0

MISSING = frozenset({"404", "NoSuchKey", "NoSuchUpload"})
REJECTED = frozenset({"InvalidPart", "InvalidPartOrder", "EntityTooSmall"})

log = logging.getLogger(__name__)


class Refusal(Exception):  # noqa: N818 - an answer, not always an error
    """What the bucket says instead of doing what it is asked."""

    def __init__(self, code: str, status: int, message: str) -> None:
        super().__init__(f"{code}: {message}")
        self.code = code
        self.status = status


@contextmanager
def told() -> Iterator[None]:
    """Tell refusals from what else the library raises."""
    try:
        yield
    except ClientError as error:
        answer = error.response
        status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
        found = answer.get("Error", {})
        raise Refusal(
            str(found.get("Code", status)), status, str(found.get("Message", ""))
        ) from error
    except (BotoCoreError, OSError) as error:
        reason = str(error) or "it takes too long"
        log.warning("The bucket cannot be reached: %s", reason)
        raise unreachable() from error


@contextmanager
def meaning() -> Iterator[None]:
    """Turn refusals into errors of the domain."""
    try:
        yield
    except Refusal as refusal:
        raise translated(refusal) from refusal


def translated(
    refusal: Refusal, *, begun: bool = False
) -> NotFoundError | UnavailableError:
    """Return what a refusal means; `begun`: some bytes have been read already."""
    if refusal.code in MISSING | REJECTED and not begun:
        return NotFoundError("The bytes are not there any more.")
    log.warning("The bucket refuses: %s", refusal)
    if begun:
        return UnavailableError("The bytes were removed while they were read.")
    return UnavailableError(
        "The object store has failed.", retry_after=RETRY_AFTER_SECONDS
    )


def unreachable() -> UnavailableError:
    """Return the error of a bucket that does not answer."""
    return UnavailableError(
        "The object store cannot be reached.", retry_after=RETRY_AFTER_SECONDS
    )
