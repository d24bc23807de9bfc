"""The OpenAPI 3.1 document of the served API, made from descriptors and annotations.

It describes the newest revision of the API. Objects are left open, because responses
may have members that are new; which members a request may have is the codec's to say.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from google.protobuf.descriptor import FieldDescriptor, MethodDescriptor

from openinteractions.gateway import options
from openinteractions.gateway.paths import is_of_files
from openinteractions.gateway.routes import Route
from openinteractions.gateway.schemas import Schemas
from openinteractions.v1.error_reason_pb2 import ErrorReason

_QUERY_TYPES = {
    FieldDescriptor.TYPE_STRING: {"type": "string"},
    FieldDescriptor.TYPE_BOOL: {"type": "boolean"},
    FieldDescriptor.TYPE_INT32: {"type": "integer", "format": "int32"},
}


def document(routes: Sequence[Route], *, server: str) -> dict[str, Any]:
    """Return the document for some routes.

    Args:
        routes: the routes; a stream that another route switches to is described there.
        server: the URL at which clients find them.
    """
    schemas = Schemas()
    twins = {route.stream.full_name for route in routes if route.stream is not None}
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        if route.method.full_name not in twins:
            item = paths.setdefault(str(route.template), {})
            item[route.verb.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Interactions API", "version": "v1"},
        "servers": [{"url": server}],
        "security": [{}, {"key": []}, {"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": schemas.components
            | {"ErrorResponse": _error(), "StatusResponse": _status()},
            "responses": {
                "Error": _failed("ErrorResponse"),
                "Status": _failed("StatusResponse"),
            },
            "securitySchemes": {
                "key": {"type": "apiKey", "in": "header", "name": "x-goog-api-key"},
                "bearer": {"type": "http", "scheme": "bearer"},
            },
        },
    }


def _operation(route: Route, schemas: Schemas) -> dict[str, Any]:
    method = route.method
    failed = "Status" if is_of_files(str(route.template)) else "Error"
    made: dict[str, Any] = {
        "operationId": method.name[0].lower() + method.name[1:],
        "tags": [method.containing_service.name],
        "parameters": _parameters(route),
        "responses": {
            "200": _success(route, schemas),
            "4XX": {"$ref": f"#/components/responses/{failed}"},
            "5XX": {"$ref": f"#/components/responses/{failed}"},
        },
    }
    if route.body:
        body: dict[str, Any] = schemas.message(method.input_type)
        if route.switch is not None:
            switch = {"properties": {route.switch: {"type": "boolean"}}}
            body = {"allOf": [body, {"type": "object"} | switch]}
        content = {"application/json": {"schema": body}}
        made["requestBody"] = {"required": True, "content": content}
    return made


def _parameters(route: Route) -> list[dict[str, Any]]:
    variables = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in route.template.variables
    ]
    if route.body:
        return variables
    found: dict[str, dict[str, Any]] = {}
    for method in (route.method, route.stream):
        if method is not None:
            found |= _query(method)
    if route.switch is not None:
        found[route.switch] = {"type": "boolean"}
    return variables + [
        {"name": name, "in": "query", "schema": schema}
        for name, schema in found.items()
        if name not in route.template.variables
    ]


def _query(method: MethodDescriptor) -> dict[str, dict[str, Any]]:
    camel = options.is_proto_json(method.input_type)
    return {
        field.json_name if camel else field.name: _QUERY_TYPES[field.type]
        for field in method.input_type.fields
        if field.type in _QUERY_TYPES and not field.is_repeated
    }


def _success(route: Route, schemas: Schemas) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if route.raw:
        content["*/*"] = {"schema": {"type": "string", "format": "binary"}}
        return {"description": "The call succeeded.", "content": content}
    for method in (route.method, route.stream):
        if method is not None:
            media = (
                "text/event-stream" if method.server_streaming else "application/json"
            )
            content[media] = {"schema": schemas.message(method.output_type)}
    return {"description": "The call succeeded.", "content": content}


def _content(component: str) -> dict[str, Any]:
    schema = {"$ref": f"#/components/schemas/{component}"}
    return {"application/json": {"schema": schema}}


def _failed(component: str) -> dict[str, Any]:
    return {"description": "The call failed.", "content": _content(component)}


def _status() -> dict[str, Any]:
    members = {
        "code": {"type": "integer"},
        "message": {"type": "string"},
        "status": {"type": "string", "examples": ["INVALID_ARGUMENT", "NOT_FOUND"]},
    }
    error = {"type": "object", "properties": members, "required": list(members)}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}


def _error() -> dict[str, Any]:
    shapes = [options.error_shape(value) for value in ErrorReason.DESCRIPTOR.values]
    codes = sorted({shape.code for shape in shapes})
    members = {
        "message": {"type": "string"},
        "code": {"type": "string", "examples": codes},
    }
    error = {"type": "object", "properties": members, "required": ["message", "code"]}
    return {"type": "object", "properties": {"error": error}, "required": ["error"]}
