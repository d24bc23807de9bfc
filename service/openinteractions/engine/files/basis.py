"""What the use cases of files stand on."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from openinteractions.engine.file_ports import FileStore, Objects
from openinteractions.engine.files.addresses import Addresses
from openinteractions.engine.files.limits import Limits
from openinteractions.engine.ports import Clock


@dataclass(eq=False)
class Basis:
    """Where files lie and are known, and what holds for all of them."""

    store: FileStore
    """Their rows."""

    objects: Objects
    """Their bytes."""

    clock: Clock
    """Tells when they expire."""

    addresses: Addresses
    """Where clients find them."""

    limits: Limits
    """How large they may be, and how long they live."""

    entropy: Callable[[int], bytes] = field(default=os.urandom, kw_only=True)
    """Returns that many random bytes."""
