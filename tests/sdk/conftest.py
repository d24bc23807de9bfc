"""Fixtures of the tests with real clients: running servers, and runs of each SDK.

Every test process (one for each worker of xdist) has servers of its own. The logs of
its servers stand in the report of a test that fails.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator

import pytest

from tests.sdk import runs, table
from tests.sdk.servers import Servers, running

_servers = pytest.StashKey[Servers]()


@pytest.fixture(scope="session")
def servers(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Servers]:
    """Run the scripted model server, and two servers in front of it."""
    with running(tmp_path_factory.mktemp("servers")) as found:
        request.config.stash[_servers] = found
        yield found


@pytest.fixture(scope="session")
def python_runs(
    servers: Servers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[runs.Runs]:
    """Run the behaviours in the environment of every Python SDK, shared by workers."""
    home = tmp_path_factory.getbasetemp()
    # Workers have a folder each below the one that they share.
    shared = home.parent if home.name.startswith("popen-") else home
    with runs.Runs(shared / "sdk-runs", servers) as found:
        yield found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item,
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Add the servers' logs to the report of a failed test."""
    report = yield
    found = item.config.stash.get(_servers, None)
    if report.failed and found is not None:
        report.sections.append(("servers", found.logs()))
    return report


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print how many behaviours each SDK shows, when they ran."""
    lines = table.lines(terminalreporter)
    if lines:
        terminalreporter.section("behaviours of SDKs")
        for line in lines:
            terminalreporter.line(line)
