"""The path templates that can be served."""

from __future__ import annotations

import pytest

from openinteractions.gateway.template import RouteError, Template, parse_template

READ = [
    ("/v1/things", Template(("things",), (), "")),
    ("/v1/things:stream", Template(("things",), (), "stream")),
    ("/v1/things/{id}", Template(("things", None), ("id",), "")),
    ("/v1/things/{id}:ping", Template(("things", None), ("id",), "ping")),
    ("/v1/things/{id}/cancel", Template(("things", None, "cancel"), ("id",), "")),
    (
        "/v1/things/{id}/parts/{part}",
        Template(("things", None, "parts", None), ("id", "part"), ""),
    ),
]


@pytest.mark.parametrize(("text", "template"), READ)
def test_a_template_is_read_and_written(text: str, template: Template) -> None:
    assert parse_template(text) == template
    assert str(template) == text


UNSUPPORTED = ["/v2/things", "/v1", "/v1/{id}", "/v1/things/*", "/v1/things/**"]
UNSUPPORTED += ["/v1/things/{id=*}", "/v1/things/{a.b}", "/v1/a/{id}/b/{id}"]
UNSUPPORTED += ["/v1/things/", "/v1/things:a:b", "v1/things", ""]


@pytest.mark.parametrize("text", UNSUPPORTED)
def test_other_templates_are_errors(text: str) -> None:
    with pytest.raises(RouteError, match="not supported"):
        parse_template(text)
