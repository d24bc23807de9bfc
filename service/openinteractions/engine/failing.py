"""How a run that fails is told: in one line of the log, and to its readers.

Whoever asked for it has an answer already, and it may have many readers, or none: so
the line names the interaction, and no request.
"""

from __future__ import annotations

import logging

from openinteractions.core.errors import DomainError, InternalError, shape

_NOT_STORED = "that is not stored"
_SERVER_ERROR = 500

_log = logging.getLogger(__name__)


def noted(error: Exception, interaction_id: str) -> DomainError:
    """Log why an interaction fails, and return what its readers are to know of it.

    What nobody foresaw stands in the log with its traceback, and nowhere else.
    """
    name = interaction_id or _NOT_STORED
    if not isinstance(error, DomainError):
        told = InternalError("Internal error.")
        _log.error("interaction %s failed: %s", name, told.message, exc_info=error)
        return told
    ours = shape(error.reason).http_status >= _SERVER_ERROR
    level = logging.WARNING if ours else logging.INFO
    _log.log(level, "interaction %s failed: %r", name, error.message)
    return error
