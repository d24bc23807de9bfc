"""Brings the path of a request into the form that the routes know.

Clients put a version of their own choice, a base path, and doubled slashes or versions
in front of a resource (contract §1.1); Vertex adds a project and a location. What
counts begins behind the last version segment that a known resource follows.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Collection

_FILES = frozenset({"files"})

# Not all word characters: `v1_…` is how identifiers of interactions begin.
_VERSION = re.compile(r"v[0-9][0-9A-Za-z]*")


def resource_path(path: str, resources: Collection[str]) -> list[str] | None:
    """Return the segments from the resource on, still percent-encoded.

    None if no version segment with a resource behind it is there.
    """
    segments = [segment for segment in path.split("/") if segment]
    for place in range(len(segments) - 2, -1, -1):
        if _VERSION.fullmatch(segments[place]):
            rest = _without_location(segments[place + 1 :])
            if rest and rest[0].partition(":")[0] in resources:
                return rest
    return None


def is_of_files(path: str) -> bool:
    """Whether a path is one of files, or of their uploads."""
    return is_upload(path) or resource_path(path, _FILES) is not None


def is_upload(path: str) -> bool:
    """Whether a path is where files are uploaded: `/upload/{version}/files`.

    Before it may stand a base path; a version may be missing, or doubled.
    """
    segments = [segment for segment in path.split("/") if segment]
    if segments[-1:] != ["files"] or "upload" not in segments:
        return False
    segments.reverse()
    between = segments[1 : segments.index("upload")]
    return all(_VERSION.fullmatch(segment) for segment in between)


def _without_location(segments: list[str]) -> list[str]:
    if segments[::2][:2] == ["projects", "locations"]:
        return segments[4:]
    return segments


def decode_segment(segment: str) -> str | None:
    """Return what a segment stands for; None if it is no UTF-8."""
    if "%" not in segment:
        return segment
    try:
        return urllib.parse.unquote(segment, errors="strict")
    except UnicodeDecodeError:
        return None
