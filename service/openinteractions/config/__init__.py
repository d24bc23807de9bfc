"""The configuration: what the file, the environment and the flags say.

This package is the only reader of the three; everything else is handed the plain
data of `settings`. `load` gives a `Config` that is complete and consistent, or raises
`ConfigError` with one line that says where the mistake is and what would be right.
"""

from openinteractions.config.background import Background
from openinteractions.config.events import Events
from openinteractions.config.files import Files, Objects
from openinteractions.config.load import load
from openinteractions.config.profile import Profile
from openinteractions.config.rules import unset_variables
from openinteractions.config.settings import (
    Address,
    Agent,
    Auth,
    Config,
    ConfigError,
    Egress,
    Endpoint,
    Model,
    Server,
)
from openinteractions.config.show import show
from openinteractions.config.store import Store

__all__ = [
    "Address",
    "Agent",
    "Auth",
    "Background",
    "Config",
    "ConfigError",
    "Egress",
    "Endpoint",
    "Events",
    "Files",
    "Model",
    "Objects",
    "Profile",
    "Server",
    "Store",
    "load",
    "show",
    "unset_variables",
]
