"""The revision until 2026-05-07: `outputs`, and the stream events `content.*`.

The only place that knows them. Google's SDKs up to Python 1.75 and JavaScript 1.52
read it. It is a spoke: it converts from and to the hub and knows nothing else.
"""

from openinteractions.gateway.revisions.outputs.events import EventTranslator
from openinteractions.gateway.revisions.outputs.interaction import downgrade_interaction
from openinteractions.gateway.revisions.outputs.losses import LOSSES, Loss
from openinteractions.gateway.revisions.outputs.place import Place
from openinteractions.gateway.revisions.outputs.raising import (
    upgrade_events,
    upgrade_interaction,
)

__all__ = [
    "LOSSES",
    "EventTranslator",
    "Loss",
    "Place",
    "downgrade_interaction",
    "upgrade_events",
    "upgrade_interaction",
]
