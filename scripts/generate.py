"""Generates `gen/` from `protos/`, or says that it is stale (`--check`).

The compiler is the one in grpcio-tools, so the output depends on nothing but the
pinned packages. Third-party protos come from the googleapis-common-protos wheel.
Everything in `gen/` is written here; nothing in it is edited by hand.
"""

from __future__ import annotations

import argparse
import shutil
import sys
import sysconfig
import tempfile
from pathlib import Path

import grpc_tools
from grpc_tools import protoc

ROOT = Path(__file__).resolve().parent.parent
PROTOS = ROOT / "protos"
GENERATED = ROOT / "gen"


def compile_protos(target: Path) -> None:
    """Write the Python form of every proto below `target`.

    Raises:
        SystemExit: the compiler has refused a proto; its message is on stderr.
    """
    sources = sorted(PROTOS.rglob("*.proto"))
    if not sources:
        sys.exit(f"generate: no .proto file in {PROTOS.relative_to(ROOT)}/")
    # Only files with a service: for others the plugin writes an empty module.
    services = [path for path in sources if "\nservice " in path.read_text("utf-8")]
    _protoc(sources, [f"--python_out={target}", f"--pyi_out={target}"])
    if services:
        _protoc(services, [f"--grpc_python_out={target}"])
    for folder in {path.parent.relative_to(PROTOS) for path in sources}:
        # Only the folder of a version is a package; those above it are namespaces.
        (target / folder / "__init__.py").write_text(
            f'"""Generated from `protos/{folder.as_posix()}`."""\n', "utf-8"
        )
        (target / folder / "py.typed").touch()


def _protoc(sources: list[Path], options: list[str]) -> None:
    includes = [
        PROTOS,
        Path(sysconfig.get_path("purelib")),
        Path(grpc_tools.__file__).parent / "_proto",
    ]
    arguments = [
        "protoc",
        *(f"-I{folder}" for folder in includes),
        *options,
        *(path.relative_to(PROTOS).as_posix() for path in sources),
    ]
    if protoc.main(arguments) != 0:
        sys.exit("generate: protoc has refused the protos, see above")


def stale(fresh: Path) -> list[str]:
    """The files of `gen/` that differ from `fresh`, are missing or left over."""
    wanted = _contents(fresh)
    present = _contents(GENERATED)
    return sorted(
        name
        for name in wanted.keys() | present.keys()
        if wanted.get(name) != present.get(name)
    )


def _contents(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def _replace(fresh: Path) -> None:
    for name in stale(fresh):
        source, target = fresh / name, GENERATED / name
        if source.exists():
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, target)
        else:
            target.unlink()
        print(f"generate: gen/{name}")


def main() -> int:
    """Run the command line; the result is the exit status."""
    parser = argparse.ArgumentParser(description="Generate gen/ from protos/.")
    parser.add_argument("--check", action="store_true", help="change nothing")
    check = parser.parse_args().check
    with tempfile.TemporaryDirectory() as folder:
        fresh = Path(folder)
        compile_protos(fresh)
        if not check:
            _replace(fresh)
            return 0
        names = stale(fresh)
        for name in names:
            print(f"gen/{name} is stale: run `make generate`", file=sys.stderr)
        return 1 if names else 0


if __name__ == "__main__":
    sys.exit(main())
