"""Descriptors made out of proto text, for tests of what real protos do not have."""

from __future__ import annotations

import itertools
import sysconfig
from pathlib import Path
from tempfile import TemporaryDirectory

import grpc_tools
from google.api import annotations_pb2 as http_pb2
from google.api import httpbody_pb2
from google.protobuf import any_pb2, descriptor_pb2, descriptor_pool, timestamp_pb2
from google.protobuf.descriptor import Descriptor, FileDescriptor
from grpc_tools import protoc

from openinteractions.json.v1 import annotations_pb2

ROOT = Path(__file__).parents[2]
INCLUDES = (
    ROOT / "protos",
    Path(sysconfig.get_path("purelib")),
    Path(grpc_tools.__file__).parent / "_proto",
)
HEAD = """
syntax = "proto3";
package {package};
import "google/api/annotations.proto";
import "google/api/httpbody.proto";
import "google/protobuf/any.proto";
import "google/protobuf/timestamp.proto";
import "openinteractions/json/v1/annotations.proto";
"""

# What the proto text may import has to be loaded.
IMPORTED = (annotations_pb2, any_pb2, http_pb2, httpbody_pb2, timestamp_pb2)

_numbers = itertools.count()


def compile_file(text: str) -> FileDescriptor:
    """Compile what follows the imports of a proto file."""
    package = f"openinteractions.test{next(_numbers)}"
    with TemporaryDirectory() as folder:
        source = Path(folder, "test.proto")
        source.write_text(HEAD.format(package=package) + text, "utf-8")
        target = Path(folder, "set")
        arguments = [f"-I{path}" for path in (folder, *INCLUDES)]
        arguments += [f"--descriptor_set_out={target}", "test.proto"]
        assert protoc.main(["protoc", *arguments]) == 0
        files = descriptor_pb2.FileDescriptorSet.FromString(target.read_bytes())
    (made,) = files.file
    made.name = f"{package}.proto"
    pool = descriptor_pool.Default()
    pool.Add(made)
    return pool.FindFileByName(made.name)


def compile_message(text: str) -> Descriptor:
    """Compile messages and return the one called `Test`."""
    message: Descriptor = compile_file(text).message_types_by_name["Test"]
    return message
