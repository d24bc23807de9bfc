"""What headers say about a client."""

from __future__ import annotations

import pytest
from multidict import CIMultiDict, CIMultiDictProxy

from openinteractions.gateway import clients
from openinteractions.gateway.revisions import Revision


def headers(*lines: tuple[str, str]) -> clients.Headers:
    return CIMultiDictProxy(CIMultiDict(lines))


@pytest.mark.parametrize("own", ["abc-1", "A/b:c_d.e=f+g@h", "x" * 128])
def test_a_sane_identifier_of_the_client_is_kept(own: str) -> None:
    assert clients.request_id(headers(("X-Request-Id", own))) == own


@pytest.mark.parametrize("own", ["", "a b", "x" * 129, "é", "a\tb", "a;b"])
def test_another_identifier_is_replaced(own: str) -> None:
    made = clients.request_id(headers(("x-request-id", own)))

    assert made != own
    assert len(made) == 24


def test_every_request_without_identifier_gets_its_own() -> None:
    assert clients.request_id(headers()) != clients.request_id(headers())


KEYS = [
    ([("X-Goog-Api-Key", "k")], "", {"x-goog-api-key": "k"}),
    ([("Authorization", "Bearer t")], "", {"authorization": "Bearer t"}),
    ([], "k", {"key": "k"}),
    ([("x-goog-api-key", "a")], "b", {"x-goog-api-key": "a", "key": "b"}),
    ([("x-goog-api-key", "")], "b", {"key": "b"}),
    (
        [("x-goog-api-key", "a"), ("authorization", "Bearer t"), ("cookie", "")],
        "",
        {"x-goog-api-key": "a", "authorization": "Bearer t"},
    ),
    ([], "", {}),
]


@pytest.mark.parametrize(("lines", "query_key", "keys"), KEYS)
def test_all_keys_are_passed_on(
    lines: list[tuple[str, str]], query_key: str, keys: dict[str, str]
) -> None:
    made = clients.metadata(headers(*lines), query_key, "id")

    assert made == {"x-request-id": "id"} | keys


REVISIONS = [
    ([], Revision.STEPS),
    ([("api-revision", "2026-05-07")], Revision.OUTPUTS),
    ([("x-goog-api-client", "google-genai-sdk/1.75.0 gl-python/3")], Revision.OUTPUTS),
    ([("user-agent", "google-genai-sdk/1.33.0 gl-node/22")], Revision.OUTPUTS),
    (
        [
            ("user-agent", "GeminiNextGenAPIClient/Python 1.55.0"),
            (clients.SECOND_AGENT, "google-genai-sdk/1.55.0 gl-python/3"),
        ],
        Revision.OUTPUTS,
    ),
]


@pytest.mark.parametrize(("lines", "revision"), REVISIONS)
def test_the_revision_is_chosen_from_the_headers(
    lines: list[tuple[str, str]], revision: Revision
) -> None:
    assert clients.revision(headers(*lines), Revision.STEPS) is revision


def test_a_revision_that_is_no_date_is_the_newest() -> None:
    asked = headers(("api-revision", "soon"))

    assert clients.revision(asked, Revision.OUTPUTS) is Revision.STEPS


@pytest.mark.parametrize(
    ("client", "impatient"),
    [
        ("google-genai-sdk/1.33.0 gl-node/v22", True),
        ("mine/1 google-genai-sdk/2.8.0 gl-node/v22", True),
        ("google-genai-sdk/2.9.0 gl-node/v22", False),
        ("google-genai-sdk/2.10.0 gl-node/v22", False),
        ("google-genai-sdk/3.1.0 gl-node/v22", False),
        ("google-genai-sdk/2.8.0 gl-python/3.11", False),
        ("google-genai-sdk/2.8 gl-node/v22", True),
        (f"google-genai-sdk/{'9' * 5000}.1.0 gl-node/v22", False),
        (f"google-genai-sdk/1.{'9' * 5000}.0 gl-node/v22", False),
        ("curl/8", False),
    ],
)
def test_old_javascript_is_impatient(client: str, *, impatient: bool) -> None:
    assert clients.impatient(headers(("x-goog-api-client", client))) is impatient
    assert clients.impatient(headers(("user-agent", client))) is impatient
