"""The path templates of `google.api.http`, as far as the protos use them.

Of the grammar at
https://github.com/googleapis/googleapis/blob/master/google/api/http.proto
that is `/v1/things`, `{variable}` for one whole segment, further literal segments, and
a `:verb` at the end. Everything else is an error when the gateway is made.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TEMPLATE = re.compile(r"/v1((?:/[a-z_]+|/\{[a-z_]+\})+)(?::([A-Za-z]+))?")


class RouteError(Exception):
    """An RPC cannot be served over HTTP; the message says which and why."""


@dataclass(frozen=True, slots=True)
class Template:
    """A path below the version segment."""

    segments: tuple[str | None, ...]
    """Literals, and None where a variable stands."""

    variables: tuple[str, ...]
    """The names of the variables, in order."""

    verb: str
    """What follows the colon; empty if there is none."""

    def __str__(self) -> str:
        names = iter(self.variables)
        path = "".join(f"/{part or f'{{{next(names)}}}'}" for part in self.segments)
        return f"/v1{path}{self.verb and f':{self.verb}'}"


def parse_template(template: str) -> Template:
    """Return the template that a text in a proto stands for.

    Raises:
        RouteError: it uses what is not supported.
    """
    match = _TEMPLATE.fullmatch(template)
    if match is None:
        raise RouteError(f"{template!r}: a path template that is not supported")
    parts = match[1].split("/")[1:]
    variables = tuple(part[1:-1] for part in parts if part.startswith("{"))
    if parts[0].startswith("{") or len(set(variables)) != len(variables):
        raise RouteError(f"{template!r}: a path template that is not supported")
    return Template(
        segments=tuple(None if part.startswith("{") else part for part in parts),
        variables=variables,
        verb=match[2] or "",
    )
