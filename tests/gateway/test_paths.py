"""Where the part of a path that counts begins (contract §1.1)."""

from __future__ import annotations

import pytest

from openinteractions.gateway.paths import (
    decode_segment,
    is_of_files,
    is_upload,
    resource_path,
)

RESOURCES = {"interactions", "files"}

PLAIN = [
    "/v1/interactions",
    "/v1beta/interactions",
    "/v1alpha/interactions",
    "/v1beta1/interactions",
    "/v2preview3/interactions",
    "/v1/interactions/",
    "//v1beta//interactions",
    "/base/path/v1beta/interactions",
    "/v1beta/v1/interactions",
    "/v1/v1beta/v1/interactions",
    "/v1beta1/projects/p/locations/l/interactions",
    "/v1beta/v1beta1/projects/p/locations/l/interactions",
    "/v1/files/v1/interactions",
]


@pytest.mark.parametrize("path", PLAIN)
def test_what_is_in_front_of_a_resource_does_not_count(path: str) -> None:
    assert resource_path(path, RESOURCES) == ["interactions"]


OTHERS = [
    ("/v1/interactions/v1_abc/cancel", ["interactions", "v1_abc", "cancel"]),
    ("/v1/interactions/v1_abc/files", ["interactions", "v1_abc", "files"]),
    ("/v1/interactions:stream", ["interactions:stream"]),
    ("/v1/interactions/a%2Fb", ["interactions", "a%2Fb"]),
    ("/interactions", None),
    ("/v1", None),
    ("/", None),
    ("", None),
    ("/main/interactions", None),
    ("/v/interactions", None),
    ("/v1/projects/p/locations/l", None),
    ("/v1/projects/p/interactions", None),
    ("/v1/unknown", None),
    ("/v1/%69nteractions", None),
]


@pytest.mark.parametrize(("path", "segments"), OTHERS)
def test_a_path_is_cut_behind_its_version(
    path: str, segments: list[str] | None
) -> None:
    assert resource_path(path, RESOURCES) == segments


SEGMENTS = [("a", "a"), ("a%20b", "a b"), ("%C3%A9", "é"), ("%2F", "/"), ("%FF", None)]


@pytest.mark.parametrize(("segment", "decoded"), SEGMENTS)
def test_a_segment_is_percent_decoded(segment: str, decoded: str | None) -> None:
    assert decode_segment(segment) == decoded


OF_FILES = [
    ("/v1/files", True, False),
    ("/v1beta/files/a:download", True, False),
    ("/upload/v1beta/files", True, True),
    ("/base//upload/v1/v1/files/", True, True),
    ("/v1/upload/files", True, True),
    ("/upload/files", True, True),
    ("/upload/v1/other/files", False, False),
    ("/upload/v1/files/a", True, False),
    ("/upload/v1/interactions", False, False),
    ("/files", False, False),
    ("/v1/interactions/a", False, False),
]


@pytest.mark.parametrize(("path", "files", "upload"), OF_FILES)
def test_paths_of_files_and_of_uploads_are_told(
    path: str, files: bool, upload: bool
) -> None:
    assert (is_of_files(path), is_upload(path)) == (files, upload)
