"""`python -m openinteractions`: the same as the command `openinteractions`."""

import sys

from openinteractions.cli import main

sys.exit(main())
