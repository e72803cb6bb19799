"""Directions: imports, foreign keys and addresses follow the data; each folder's layers look down only."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.urls import URLPattern, URLResolver, get_resolver

ROOT = Path(__file__).resolve().parent.parent
# From below to above; A may know B only if B stands further left.
APPS = ["documents", "lines", "quality", "traceability", "mes"]
# The outermost are processes of their own: commands, and the gateway, which hands batches to a task.
LAYERS = {"models": 0, "queries": 1, "services": 2, "pages": 3, "api": 3, "tasks": 3, "gateway": 4, "commands": 5}
LINES_ALLOWED = 400


def product_files(pattern: str) -> list[Path]:
    return sorted(path for app in APPS for path in (ROOT / app).rglob(pattern))


def tracked_files() -> list[Path]:
    """What is in the repository or about to be; without git (an unpacked archive) everything but data and caches."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 - the developer's own git
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listed.returncode == 0:
        return [path for line in listed.stdout.splitlines() if (path := ROOT / line).is_file()]
    return [
        path for path in ROOT.rglob("*") if path.is_file() and ".venv" not in path.parts and "var" not in path.parts
    ]


def app_of(module_or_path: str) -> str:
    return re.split(r"[./]", module_or_path)[0]


def above(app: str, other: str) -> bool:
    return app in APPS and other in APPS and APPS.index(other) > APPS.index(app)


def test_imports_keep_to_the_contracts_of_pyproject() -> None:
    lint = Path(sys.executable).parent / "lint-imports"
    result = subprocess.run([lint, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stdout + result.stderr


def test_foreign_keys_point_down() -> None:
    """References by name ("traceability.Unit") escape import-linter."""
    wrong = [
        f"{model._meta.label}.{field.name} -> {field.related_model._meta.label}"
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if field.is_relation
        and not field.auto_created
        and isinstance(field.related_model, type)
        and above(model._meta.app_label, field.related_model._meta.app_label)
    ]
    assert wrong == []


def named_views(resolver: URLResolver) -> Iterator[tuple[str, str]]:
    """(name, app of the view) of every address."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLResolver):
            yield from named_views(entry)
        elif isinstance(entry, URLPattern) and entry.name:
            view = getattr(entry.callback, "view_class", None) or getattr(entry.callback, "cls", entry.callback)
            yield entry.name, app_of(view.__module__)


def test_pages_link_down_or_by_go() -> None:
    """A lower app reaches a page of an upper one by /go/<kind>/<id>/ alone, which mes resolves."""
    app_of_name = dict(named_views(get_resolver()))
    by_tag = re.compile(r"{%\s*url\s+['\"]([\w-]+)['\"]")
    by_code = re.compile(r"\b(?:reverse|reverse_lazy|redirect)\(\s*['\"]([\w-]+)['\"]")
    wrong = []
    for paths, pattern in ((product_files("*.html"), by_tag), (product_files("*.py"), by_code)):
        for path in paths:
            app = path.relative_to(ROOT).parts[0]
            for name in pattern.findall(path.read_text()):
                assert name in app_of_name, f"{path.relative_to(ROOT)}: no address has the name {name}"
                if above(app, app_of_name[name]) and name not in {"go", "login", "overview"}:
                    wrong.append(f"{path.relative_to(ROOT)} links to {name} of {app_of_name[name]}")
    assert wrong == []


def test_templates_include_down() -> None:
    used = re.compile(r"{%\s*(?:include|extends)\s+['\"]([\w-]+)/")
    wrong = [
        f"{path.relative_to(ROOT)} uses {name}/"
        for path in product_files("*.html")
        for name in used.findall(path.read_text())
        if above(path.relative_to(ROOT).parts[0], name)
    ]
    assert wrong == []


def imported_modules(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def layer_of(module: str) -> str | None:
    """Which layer a dotted name of ours belongs to; `lines.records.services.add` is of services."""
    parts = module.split(".")
    return next((part for part in parts[1:] if part in LAYERS), None) if parts[0] in APPS else None


def test_layers_look_down() -> None:
    """pages | api | tasks | commands -> services -> queries -> models; what has no layer knows none of the first."""
    wrong = []
    for path in product_files("*.py"):
        if "migrations" in path.parts or path.name in {"urls.py", "api_urls.py", "page_urls.py", "admin.py", "asgi.py"}:
            continue
        own = layer_of(".".join(path.relative_to(ROOT).with_suffix("").parts))
        for module in imported_modules(path):
            other = layer_of(module)
            if other is None or other == own:
                continue
            allowed = LAYERS[own] if own else 3
            if LAYERS[other] >= allowed:
                wrong.append(f"{path.relative_to(ROOT)} ({own or 'no layer'}) imports {module}")
    assert wrong == []


@pytest.mark.parametrize("layer", ["pages", "api", "tasks"])
def test_the_outer_layer_asks_no_database_itself(layer: str) -> None:
    query = re.compile(r"\.objects\b|\.cursor\(|\.raw\(|select_related|prefetch_related")
    wrong = [
        str(path.relative_to(ROOT))
        for path in [*product_files(f"{layer}.py"), *(p for p in product_files("*.py") if layer in p.parent.parts)]
        if query.search(path.read_text())
    ]
    assert wrong == []


def test_no_hidden_writes_and_no_drawers() -> None:
    """A save that sets off other code can't be read where it is called; a helper module answers no question."""
    hidden = re.compile(r"@receiver\b|\b(?:post|pre)_(?:save|delete|init)\b|\bm2m_changed\b")
    wrong = [str(p.relative_to(ROOT)) for p in product_files("*.py") if hidden.search(p.read_text())]
    drawers = {"utils", "util", "common", "core", "base", "helpers", "misc"}
    wrong += [str(p.relative_to(ROOT)) for p in product_files("*.py") if {p.stem, p.parent.name} & drawers]
    assert wrong == []


def test_every_exemption_has_its_reason() -> None:
    exemption = re.compile(r"#\s*(?:noqa|type:\s*ignore)(?P<rest>[^\n]*)")
    wrong = [
        f"{path.relative_to(ROOT)}: {match.group(0)}"
        for path in tracked_files()
        if path.suffix == ".py" and path != Path(__file__)
        for match in exemption.finditer(path.read_text())
        if not re.search(r"[A-Z]\d+.* - \w|\[[\w-]+\].*[-#] *\w", match.group("rest"))
        and not match.group("rest").startswith((": F403", ": F401"))
    ]
    assert wrong == []


def test_no_file_is_longer_than_a_reader_bears() -> None:
    """Code and prose; generated locks, catalogues and data are not read from top to bottom."""
    read = {".py", ".html", ".js", ".css", ".md", ".sh", ".yml", ".toml", ""}
    long = {
        str(path.relative_to(ROOT)): count
        for path in tracked_files()
        if path.suffix in read
        and path.name not in {"LICENSE", "errors.md"}  # the second is written by a command
        and not {"fixtures", "migrations"} & set(path.relative_to(ROOT).parts)
        if (count := len(path.read_text(errors="replace").splitlines())) > LINES_ALLOWED
    }
    assert long == {}
