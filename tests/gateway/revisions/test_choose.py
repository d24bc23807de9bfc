"""Contract §1.3: which revision a request is answered in."""

import pytest

from openinteractions.gateway.revisions import KNOWN, Revision, choose

OUTPUTS, STEPS = Revision.OUTPUTS, Revision.STEPS

Headers = list[tuple[str, str]]


def sdk(version: str, *, agent: str = "", revision: str = "") -> Headers:
    """Return the headers with which an SDK tells who it is."""
    client = f"google-genai-sdk/{version} gl-python/3.11"
    headers = [("User-Agent", agent or client), ("x-goog-api-client", client)]
    headers.append(("Accept", "application/json"))
    return [*headers, ("Api-Revision", revision)] if revision else headers


def stainless(version: str, *, revision: str = "") -> Headers:
    """Return the headers of a Python SDK that sends two User-Agent lines."""
    first = ("User-Agent", f"GeminiNextGenAPIClient/Python {version}")
    return [first, *sdk(version, revision=revision)]


@pytest.mark.parametrize(
    ("headers", "revision"),
    [
        pytest.param(stainless("1.55.0"), OUTPUTS, id="py 1.55"),
        pytest.param(stainless("1.75.0"), OUTPUTS, id="py 1.75"),
        pytest.param(stainless("2.0.0", revision="2026-05-20"), STEPS, id="py 2.0"),
        pytest.param(stainless("2.8.0", revision="2026-05-20"), STEPS, id="py 2.8"),
        pytest.param(
            sdk("2.9.0", agent="speakeasy-sdk/python 1", revision="2026-05-20"),
            STEPS,
            id="py 2.9",
        ),
        pytest.param(
            sdk("2.33.0", agent="speakeasy-sdk/python 1"), STEPS, id="py 2.33"
        ),
        pytest.param(sdk("2.34.0"), STEPS, id="py 2.34"),
        pytest.param(sdk("3.3.0"), STEPS, id="py 3.3"),
        pytest.param(sdk("1.33.0"), OUTPUTS, id="js 1.33"),
        pytest.param(sdk("1.52.0"), OUTPUTS, id="js 1.52"),
        pytest.param(sdk("2.8.0", revision="2026-05-20"), STEPS, id="js 2.8"),
        pytest.param(
            sdk("2.11.0", agent="speakeasy-sdk/typescript 1"), STEPS, id="js 2.11"
        ),
        pytest.param(sdk("3.1.0"), STEPS, id="js 3.1"),
        pytest.param(sdk("10.0.0"), STEPS, id="a major of two digits"),
    ],
)
def test_every_sdk_gets_its_own_revision(headers: Headers, revision: Revision) -> None:
    other = OUTPUTS if revision is STEPS else STEPS

    assert choose(headers, default=other) is revision


@pytest.mark.parametrize(
    ("headers", "revision"),
    [
        pytest.param(
            [("api-revision", "2026-05-07"), *sdk("3.3.0")], OUTPUTS, id="opted out"
        ),
        pytest.param([("API-REVISION", "2026-05-08"), *sdk("1.75.0")], STEPS, id="in"),
        pytest.param([("Api-Revision", " 2025-12-11 ")], OUTPUTS, id="spaces"),
        pytest.param([("Api-Revision", "2026-05-20-preview")], STEPS, id="suffix"),
        pytest.param(
            [("Api-Revision", "2026-05-07"), ("Api-Revision", "2026-05-20")],
            OUTPUTS,
            id="the first of two",
        ),
        pytest.param(
            [("Api-Revision", ""), *sdk("1.75.0")], OUTPUTS, id="empty is absent"
        ),
    ],
)
def test_a_date_outranks_the_sdk(headers: Headers, revision: Revision) -> None:
    assert choose(headers, default=STEPS) is revision


@pytest.mark.parametrize(
    ("headers", "revision"),
    [
        pytest.param(
            [("x-goog-api-client", "google-adk/2.1 google-genai-sdk/1.60.0 gl-p/3")],
            OUTPUTS,
            id="behind the words of another library",
        ),
        pytest.param(
            [("x-goog-api-client", "gax/1"), ("user-agent", "x google-genai-sdk/1.7.")],
            OUTPUTS,
            id="in the user agent when the client header does not say",
        ),
        pytest.param(
            [
                ("user-agent", "google-genai-sdk/1.60.0"),
                ("x-goog-api-client", "google-genai-sdk/2.1.0"),
            ],
            STEPS,
            id="the client header first",
        ),
        pytest.param(
            [("user-agent", "curl/8"), ("user-agent", "google-genai-sdk/1.60.0")],
            OUTPUTS,
            id="in any user agent line",
        ),
    ],
)
def test_the_sdk_is_found_anywhere(headers: Headers, revision: Revision) -> None:
    assert choose(headers, default=STEPS) is revision


def test_a_version_that_is_none_says_nothing() -> None:
    assert choose(sdk(f"{'1' * 5000}.0.0"), default=STEPS) is STEPS
    assert choose(sdk(f"{'9' * 5000}.0.0"), default=OUTPUTS) is OUTPUTS


def test_the_second_generation_says_steps_by_its_own_name() -> None:
    headers = [("user-agent", "speakeasy-sdk/python 1.0")]

    assert choose(headers, default=OUTPUTS) is STEPS


@pytest.mark.parametrize("default", KNOWN)
def test_a_client_that_says_nothing_gets_the_default(default: Revision) -> None:
    assert choose([("user-agent", "curl/8.5")], default=default) is default
    assert choose([], default=default) is default


@pytest.mark.parametrize("asked", ["latest", "2026", "20260520", "2026-05-200"])
def test_a_revision_that_is_no_date_is_not_the_older_one(asked: str) -> None:
    headers = [("Api-Revision", asked), *sdk("1.75.0")]

    assert choose(headers, default=OUTPUTS) is STEPS


def test_revisions_are_ordered_oldest_first() -> None:
    assert KNOWN == (OUTPUTS, STEPS)
