"""Every stable code of this app and of those below it, from the errors.py of each folder."""

from importlib import import_module
from pathlib import Path
from types import ModuleType

from lines.errors import Code

_ROOT = Path(__file__).resolve().parent.parent
APPS = ("lines", "quality", "traceability")


def modules(app: str) -> list[ModuleType]:
    """The errors modules of one app, its own before those of its folders."""
    paths = sorted((_ROOT / app).rglob("errors.py"), key=lambda path: (len(path.parts), path))
    return [import_module(".".join(path.relative_to(_ROOT).with_suffix("").parts)) for path in paths]


CODES: dict[str, Code] = {code.code: code for app in APPS for module in modules(app) for code in module.CODES}


def described(code: str) -> Code:
    """The table's entry, or one that says only the code."""
    return CODES.get(code) or Code(code, 0, code, code, "", "")
