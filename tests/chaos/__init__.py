"""Real processes, killed at random while clients use them."""

import os

os.environ.setdefault("GRPC_VERBOSITY", "NONE")
