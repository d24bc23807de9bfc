"""Real processes, killed at random while clients use them."""

import os

# Its handlers of forks may keep a child from ever becoming the program that it is for.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
os.environ.setdefault("GRPC_VERBOSITY", "NONE")
