"""Every gate but the tests, two at a time, with the output of those that fail; then product lines per folder."""

import importlib
import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ["lines", "quality", "traceability", "mes"]
CODE = ["documents", *PACKAGES, "tests", "bench", "examples", ".ci", "manage.py"]
PYTHON = sys.executable
# Migrations that no worker of before may outlive. 0002 replaces a table by another and makes the number of a point
# count by stream; nothing was released before it.
STANDSTILL = ["0002_charts_and_streams"]

GATES = {
    "types": ["mypy", *[folder for folder in CODE if folder != ".ci"]],
    "style": ["ruff", "check", "."],
    "format": ["ruff", "format", "--check", "."],
    "imports": ["lint-imports", "--no-cache"],
    "templates": ["djlint", "--lint", "--quiet", *PACKAGES],
    "template format": ["djlint", "--check", "--quiet", *PACKAGES],
    "migrations made": [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
    "migrations safe": [PYTHON, "manage.py", "lintmigrations", "--no-cache", "--quiet", "ok", "ignore",
                        "--ignore-name", *STANDSTILL],
    "deployable": [PYTHON, "manage.py", "check", "--fail-level", "WARNING"],
    # Directions of foreign keys and addresses, error codes, untranslated strings, docs that run, files over 400 lines.
    "house": [PYTHON, "-m", "pytest", "-q", "--no-header", "-m", "not slow", *sorted(
        str(path.relative_to(ROOT)) for name in ("test_architecture", "test_errors", "test_translations", "test_docs")
        for path in ROOT.glob(f"tests/**/{name}.py")
    )],
}  # fmt: skip


def run(name: str, command: list[str]) -> bool:
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "PATH": f"{Path(PYTHON).parent}:{os.environ['PATH']}",
    }
    started = time.monotonic()
    result = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)  # noqa: S603 - the commands above
    passed = result.returncode == 0
    line = f"{'ok    ' if passed else 'FAILED'} {name:<16} {time.monotonic() - started:5.1f} s"
    print(line if passed else f"{line}   {' '.join(command)}\n{result.stdout}{result.stderr}", flush=True)
    return passed


def print_lines_per_folder() -> None:
    print("\nProduct lines per folder (Python, templates, scripts, styles; without migrations)")
    total = 0
    for package in ["documents", *PACKAGES]:
        for folder in sorted(
            {package, *(str(p) for p in Path(package).iterdir() if p.is_dir() and p.name[0] not in "_.")}
        ):
            own = Path(folder).glob("*") if folder == package else Path(folder).rglob("*")
            count = sum(
                len(p.read_text().splitlines())
                for p in own
                if p.suffix in {".py", ".html", ".js", ".css"} and "migrations" not in p.parts
            )
            total += count
            if count:
                print(f"  {count:6}  {folder}")
    print(f"  {total:6}  in all")


def main() -> int:
    os.chdir(ROOT)
    # Starts PostgreSQL and Valkey once for all gates and puts their addresses into the environment.
    sys.path.insert(0, str(ROOT))
    importlib.import_module("tests.settings")
    with ThreadPoolExecutor(2) as pool:
        passed = list(pool.map(run, GATES.keys(), GATES.values()))
    print_lines_per_folder()
    failed = [name for name, ok in zip(GATES, passed, strict=True) if not ok]
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nEvery gate passed.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
