"""What the docs name exists: files, functions, commands, settings, tables of codes."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from django.core.management import get_commands

from mes.demo.options import options_from

ROOT = Path(__file__).resolve().parent.parent
DOCS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "fixtures").rglob("*.md")])
README = (ROOT / "README.md").read_text()
# What only tests and CI set.
NOT_FOR_USERS = {"DENCHI_REQUIRE_ALL"}


def heading_anchors(path: Path) -> set[str]:
    headings = re.findall(r"^#+ (.+)$", path.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_links_lead_somewhere(path: Path) -> None:
    broken = []
    for target in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and file.suffix == ".md" and anchor not in heading_anchors(file)):
            broken.append(target)
    assert broken == []


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_commands_exist(path: Path) -> None:
    text = path.read_text()
    # Words after the command in code: a block's line or a `span`.
    code = "\n".join([*re.findall(r"^    (.+)$", text, re.MULTILINE), *re.findall(r"`([^`\n]+)`", text)])
    targets = set(re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z][\w-]*)", code)) <= targets
    assert set(re.findall(r"manage\.py (\w+)", code)) <= set(get_commands())


def settings_in_code() -> set[str]:
    """Variables read from the environment, by product code and docker/."""
    found: set[str] = set()
    for folder in ("lines", "quality", "traceability", "mes"):
        for path in (ROOT / folder).rglob("*.py"):
            found |= set(re.findall(r"[\"'](DENCHI_[A-Z_]+)[\"']", path.read_text()))
    return found


def test_every_setting_is_in_the_readme_and_every_one_there_is_read() -> None:
    documented = set(re.findall(r"^\| `(DENCHI_[A-Z_]+)` \|", README, re.MULTILINE))
    assert documented == settings_in_code() - NOT_FOR_USERS


def test_the_demos_defaults_are_as_documented() -> None:
    empty: Mapping[str, str] = {}
    options = options_from(empty)
    defaults = dict(re.findall(r"^\| `(DENCHI_[A-Z_]+)` \| ([^|]+?) \|", README, re.MULTILINE))
    assert defaults["DENCHI_PORT"] == str(options.port)
    assert float(defaults["DENCHI_DEMO_SPEED"]) == options.speed
    assert defaults["DENCHI_DEMO_SEED"] == str(options.seed)
    assert options.var == ROOT / "var"


def test_a_fresh_shell_gets_help() -> None:
    result = subprocess.run(
        ["make", "help"],  # noqa: S607 - the developer's own make
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert "make demo" in result.stdout
    assert "make test" in result.stdout


def symbols(path: Path) -> set[str]:
    """Names a module defines, methods as Class.method."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            found.add(node.name)
        if isinstance(node, ast.ClassDef):
            found |= {
                f"{node.name}.{n.name}" for n in node.body if isinstance(n, ast.FunctionDef | ast.AsyncFunctionDef)
            }
        if isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def test_the_walkthrough_names_what_is_there() -> None:
    """[`function`](../lines/x.py) must be in that file."""
    walkthrough = ROOT / "docs" / "walkthrough.md"
    named = re.findall(r"\[`([\w.]+)(?:\(\))?`\]\(([^)#]+\.py)\)", walkthrough.read_text())
    assert len(named) > 15
    missing = [
        f"{symbol} in {target}"
        for symbol, target in named
        if symbol not in symbols((walkthrough.parent / target).resolve()) and not target.endswith(symbol)
    ]
    assert missing == []


def test_a_wrong_option_is_one_line_and_a_failure() -> None:
    result = subprocess.run(
        [sys.executable, "manage.py", "demo"],
        cwd=ROOT,
        env={**os.environ, "DENCHI_DEMO_SPEED": "fast", "DJANGO_SETTINGS_MODULE": "mes.settings"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode != 0
    assert result.stderr.strip().splitlines() == [
        "CommandError: DENCHI_DEMO_SPEED is 'fast'; it takes a number from 1 to 3600."
    ]
