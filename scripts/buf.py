"""Checks the protos with buf: format, lint, and compatibility with the last release.

buf reads its third-party protos from a module of their own (`buf.yaml`), so they are
copied from the installed googleapis-common-protos wheel first. A break with the last
release is allowed before 1.0, when the Unreleased section of `CHANGELOG.md` names
every element that it changes.
"""

from __future__ import annotations

import io
import json
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(".cache") / "buf"
GOOGLEAPIS = CACHE / "googleapis"
THIRD_PARTY = ("google/api", "google/rpc")
ELEMENT = re.compile(
    r"(?:message|enum|oneof|service|RPC|file|package|with name|name from)"
    r' "([^"]+)"'
)
BUF = Path(sysconfig.get_path("scripts")) / "buf"


def prepare(root: Path) -> None:
    """Copy the third-party protos to where `buf.yaml` of `root` looks for them."""
    packages = Path(sysconfig.get_path("purelib"))
    target = root / GOOGLEAPIS
    shutil.rmtree(target, ignore_errors=True)
    for folder in THIRD_PARTY:
        for source in sorted((packages / folder).glob("*.proto")):
            copy = target / folder / source.name
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, copy)


def run(*arguments: str) -> int:
    """Run buf in the checkout; the result is its exit status."""
    return subprocess.run([BUF, *arguments], cwd=ROOT, check=False).returncode


def breaking() -> int:
    """Compare the protos with those of the last release tag."""
    tag = last_release()
    if tag is None:
        print("buf breaking: skipped, there is no release tag (v*) yet")
        return 0
    released = ROOT / CACHE / "released"
    _extract(tag, released)
    found = subprocess.run(
        [
            *(BUF, "breaking", "protos", "--error-format", "json"),
            *("--against", str(released / "protos")),
        ],
        cwd=ROOT,
        check=False,
        capture_output=True,
        text=True,
    )
    if found.stderr:
        print(found.stderr.strip(), file=sys.stderr)
        return found.returncode or 1
    findings = [json.loads(line) for line in found.stdout.splitlines()]
    return _judge(findings, tag)


def _judge(findings: list[dict[str, str]], tag: str) -> int:
    notes = unreleased((ROOT / "CHANGELOG.md").read_text("utf-8"))
    allowed = tag.startswith("v0.")
    status = 0
    for finding in findings:
        where = f"{finding.get('path', 'protos')}:{finding.get('start_line', 0)}"
        if allowed and named(finding["message"], notes):
            print(f"{where}: {finding['message']} Allowed: CHANGELOG.md names it.")
            continue
        status = 1
        print(f"{where}: {finding['message']} ({finding['type']})", file=sys.stderr)
    if status and allowed:
        print(
            f"This breaks with {tag}. If it is meant, name each element in the "
            "Unreleased section of CHANGELOG.md.",
            file=sys.stderr,
        )
    return status


def last_release() -> str | None:
    """The newest release tag, None without one."""
    listed = _git("tag", "--list", "v*", "--sort=-version:refname")
    return next(iter(listed.decode().split()), None)


def _git(*arguments: str) -> bytes:
    git = shutil.which("git")
    if git is None:
        sys.exit("buf breaking: git is needed to find the last release, not found")
    # A container often runs as somebody else than the owner of the checkout.
    done = subprocess.run(
        [git, "-c", f"safe.directory={ROOT}", *arguments],
        cwd=ROOT,
        check=False,
        capture_output=True,
    )
    if done.returncode != 0:
        sys.exit(f"buf breaking: git {arguments[0]}: {done.stderr.decode().strip()}")
    return done.stdout


def _extract(tag: str, target: Path) -> None:
    """Put the protos of a release into a buf workspace of their own."""
    archive = _git("archive", tag, "protos")
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar.getmembers():
            content = tar.extractfile(member)
            if content is not None:
                (target / member.name).parent.mkdir(parents=True, exist_ok=True)
                (target / member.name).write_bytes(content.read())
    shutil.copyfile(ROOT / "buf.yaml", target / "buf.yaml")
    prepare(target)


def unreleased(changelog: str) -> str:
    """The text of the Unreleased section, empty without one."""
    found = re.search(
        r"^## \[?Unreleased\]?.*?$(.*?)(?=^## |\Z)",
        changelog,
        re.MULTILINE | re.DOTALL,
    )
    return found.group(1) if found else ""


def named(message: str, notes: str) -> bool:
    """Whether `notes` has the name of every element that a finding of buf is about.

    Numbers of fields do not count; a finding without any name is never named.
    """
    names = ELEMENT.findall(message)
    return bool(names) and all(
        re.search(rf"(?<!\w){re.escape(name)}(?!\w)", notes) for name in names
    )


def main() -> int:
    """Run every check; the result is the exit status of the worst."""
    prepare(ROOT)
    return max(
        run("format", "--diff", "--exit-code", "protos"),
        run("lint"),
        breaking(),
    )


if __name__ == "__main__":
    if sys.argv[1:] == ["format"]:
        prepare(ROOT)
        sys.exit(run("format", "--write", "protos"))
    sys.exit(main())
