"""The shape of the source: one namespace, imports that run down, small pieces."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

ROOT = Path(__file__).parents[1]
SOURCE_ROOTS = [ROOT / "service", ROOT / "gateway", ROOT / "gen"]
WRITTEN_ROOTS = [ROOT / "service", ROOT / "gateway", ROOT / "scripts"]
MAX_MODULE_LINES = 300
MAX_FUNCTION_LINES = 40
MAX_TEST_LINES = 400

WAIT_SECONDS = 300

Function = ast.FunctionDef | ast.AsyncFunctionDef


def modules(*roots: Path) -> list[Path]:
    found = sorted(path for root in roots for path in root.rglob("*.py"))
    assert found
    return found


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


TESTS = [pytest.param(path, id=name(path)) for path in modules(ROOT / "tests")]
WRITTEN = [pytest.param(path, id=name(path)) for path in modules(*WRITTEN_ROOTS)]


def run_tool(*command: str | Path) -> None:
    done = subprocess.run(
        command,
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(map(str, SOURCE_ROOTS))},
        check=False,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=WAIT_SECONDS,
    )
    assert done.returncode == 0, done.stdout


def test_the_namespace_has_no_module_of_its_own() -> None:
    for root in SOURCE_ROOTS:
        assert (root / "openinteractions").is_dir()
        assert not (root / "openinteractions" / "__init__.py").exists()


def test_every_package_below_the_namespace_is_a_regular_one() -> None:
    irregular = {
        folder
        for root in SOURCE_ROOTS
        for path in modules(root)
        for folder in path.relative_to(root / "openinteractions").parents[:-1]
        if not (root / "openinteractions" / folder / "__init__.py").exists()
    }

    # The folders above a version are made by the proto packages: json/v1.
    assert irregular <= {Path("json")}


def test_generated_code_is_fresh() -> None:
    run_tool(sys.executable, ROOT / "scripts" / "generate.py", "--check")


def test_imports_run_down() -> None:
    run_tool(Path(sys.executable).parent / "lint-imports", "--no-cache")


def test_the_revisions_need_the_standard_library_only() -> None:
    package = "openinteractions.gateway.revisions"
    folder = ROOT / "gateway" / Path(*package.split("."))

    foreign = {
        f"{name(path)}: {imported}"
        for path in modules(folder)
        for imported in imports(path)
        if imported.partition(".")[0] not in sys.stdlib_module_names
        and not f"{imported}.".startswith(f"{package}.")
    }

    assert not foreign


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        # Relative imports stay within: ruff lets none leave its package.
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


@pytest.mark.parametrize("path", WRITTEN)
def test_a_module_is_short_and_says_what_it_is(path: Path) -> None:
    text = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= MAX_MODULE_LINES


@pytest.mark.parametrize("path", TESTS)
def test_a_test_module_has_one_subject_and_says_which(path: Path) -> None:
    text = path.read_text("utf-8")

    assert ast.get_docstring(ast.parse(text))
    assert len(text.splitlines()) <= MAX_TEST_LINES


@pytest.mark.parametrize("path", WRITTEN)
def test_functions_are_short(path: Path) -> None:
    assert not [
        f"{name(path)}:{function.lineno}: {function.name} has {lines(function)} lines"
        for function in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(function, Function) and lines(function) > MAX_FUNCTION_LINES
    ]


def test_no_property_is_judged_by_the_time_that_an_example_takes() -> None:
    assert settings().deadline is None
    assert HealthCheck.too_slow in settings().suppress_health_check


def lines(function: Function) -> int:
    """The lines from `def` to the end, its docstring left out."""
    count = (function.end_lineno or 0) - function.lineno + 1
    first = function.body[0]
    if isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant):
        count -= (first.end_lineno or 0) - first.lineno + 1
    return count
