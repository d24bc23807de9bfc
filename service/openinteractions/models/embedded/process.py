"""The program of the process that computes: `server` starts it, nobody else.

It reads one line of JSON from its input, serves the weights on a free port of the
loopback interface, and writes one line with the address. It ends when its input does,
which is also how it learns that the process that started it is gone.

It imports nothing of this package: it is run as a file, before any path is set up.
"""

from __future__ import annotations

import json
import os
import sys
from typing import Any

SILENT = -1


def main() -> None:
    """Serve until the input ends."""
    settings = json.loads(sys.stdin.readline())
    # The library may print; only the address belongs on the output.
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    server = start(settings)
    print(json.dumps({"address": server.listening_address}), file=answer, flush=True)
    sys.stdin.read()
    # Stopping the server properly would wait for the answers under way.
    os._exit(0)


def start(settings: dict[str, Any]) -> Any:
    """Return the running server."""
    import xllamacpp  # noqa: PLC0415 - the tests read this module without it

    params = xllamacpp.CommonParams()
    params.model.path = settings["weights"]
    params.hostnames = ["127.0.0.1"]
    params.port = 0
    params.api_keys = [settings["key"]]
    params.n_ctx = settings["context"]
    params.n_parallel = settings["parallel"]
    params.kv_unified = True  # one conversation may use the whole context
    params.n_predict = settings["max_tokens"]
    params.cpuparams.n_threads = settings["threads"]
    params.cpuparams_batch.n_threads = settings["threads"]
    params.sampling.temp = settings["temperature"]
    params.sampling.top_p = settings["top_p"]
    params.cache_ram_mib = 0  # the context itself is cache enough
    params.fit_params = False  # the sizes above are meant
    params.verbosity = SILENT
    params.ui = False
    params.endpoint_slots = False
    return xllamacpp.Server(params)


if __name__ == "__main__":
    main()
