"""Which revision of the API a client speaks.

Revisions are an enumerated set, oldest first; the newest is the hub that the service
speaks. The choice follows contract §1.3, first match wins: the `Api-Revision` date, the
major version of the SDK, the second SDK generator's own name, the configured default.
An `Api-Revision` that begins with no date is not one of the older revision's.
Nothing else of a request, least of all its path, decides.
"""

import enum
import re
from collections.abc import Iterable

# The last date on which the older revision was the newest one.
_LAST_OUTPUTS_DATE = "2026-05-07"
_LAST_OUTPUTS_MAJOR = 1

# A date may carry a suffix such as "-preview"; only its order matters.
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}(?!\d)")
# Other libraries put their own words in front, so the word is searched for anywhere.
_SDK = re.compile(r"google-genai-sdk/(\d{1,4})\.")
_SECOND_GENERATOR = "speakeasy-sdk/"


class Revision(enum.Enum):
    """A revision of the API, by the name of the member that holds a result."""

    OUTPUTS = "outputs"
    """Until 2026-05-07: `outputs`, `content.*` events."""

    STEPS = "steps"
    """Since 2026-05-20: `steps`, `step.*` events. The hub."""


KNOWN: tuple[Revision, ...] = tuple(Revision)
"""All revisions, oldest first."""


def choose(headers: Iterable[tuple[str, str]], default: Revision) -> Revision:
    """Return the revision in which a request wants its answer (contract §1.3).

    Args:
        headers: every header line of the request, in order and in any case; a name
            may come more than once.
        default: what a client that says nothing gets.
    """
    asked = ""
    clients: list[str] = []
    agents: list[str] = []
    for name, value in headers:
        match name.lower():
            case "api-revision":
                asked = asked or value.strip()
            case "x-goog-api-client":
                clients.append(value)
            case "user-agent":
                agents.append(value)
    if asked:
        return _by_date(asked)
    for line in (*clients, *agents):
        sdk = _SDK.search(line)
        if sdk is not None:
            old = int(sdk[1]) <= _LAST_OUTPUTS_MAJOR
            return Revision.OUTPUTS if old else Revision.STEPS
    if any(line.startswith(_SECOND_GENERATOR) for line in agents):
        return Revision.STEPS
    return default


def _by_date(asked: str) -> Revision:
    date = _DATE.match(asked)
    old = date is not None and date[0] <= _LAST_OUTPUTS_DATE
    return Revision.OUTPUTS if old else Revision.STEPS
