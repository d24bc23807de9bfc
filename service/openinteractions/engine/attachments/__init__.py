"""Media of stored interactions, kept as objects where they are large (design §5).

An object belongs to one interaction and is there before its row is, so that whatever
is acknowledged is whole. It goes before its row does: what is left when a process dies
in between can be deleted again.
"""

from openinteractions.engine.attachments.orphans import Orphans
from openinteractions.engine.attachments.store import Attachments

__all__ = ["Attachments", "Orphans"]
