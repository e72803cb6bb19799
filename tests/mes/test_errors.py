"""One table of error codes: complete in both languages, never ambiguous, and the same in the docs and the code."""

import json
import re
from collections import Counter
from pathlib import Path

from django.test import RequestFactory

from lines.errors import FAILED, Code
from mes.api_errors import failed
from mes.errors import ALL_CODES, table
from traceability.codes import APPS, modules

ROOT = Path(__file__).parents[2]


def test_codes_are_unique_and_of_their_app() -> None:
    found: Counter[str] = Counter()
    for app in APPS:
        for code in (code for module in modules(app) for code in module.CODES):
            assert re.fullmatch(rf"MES-{app[0].upper()}-\d{{4}}", code.code)
            assert code.status == 0 or 400 <= code.status < 500 or code == FAILED  # the one for faults of our own
            found[code.code] += 1
    assert set(found.values()) == {1}
    assert set(found) == set(ALL_CODES)


def test_every_code_says_what_happened_and_what_to_do_in_both_languages() -> None:
    for code in ALL_CODES.values():
        assert all([code.what_en, code.what_ja, code.cure_en, code.cure_ja]), code.code
        assert re.search(r"[ぁ-んァ-ヶ一-龠]", code.what_ja) and re.search(r"[ぁ-んァ-ヶ一-龠]", code.cure_ja), (
            code.code
        )
        assert code.what_en.endswith(".") and code.cure_en.endswith("."), code.code


def test_a_fault_of_our_own_is_told_in_the_shape_of_what_was_asked() -> None:
    asked = RequestFactory()
    answer = failed(asked.get("/api/v1/units"))
    assert (answer.status_code, json.loads(answer.content)["code"]) == (500, FAILED.code)
    assert failed(asked.get("/units/"))["Content-Type"].startswith("text/html")


def test_the_docs_have_the_same_table() -> None:
    written = (ROOT / "docs" / "errors.md").read_text(encoding="utf-8")
    assert written == table(), "run: python manage.py error_table > docs/errors.md"


def test_every_code_is_used() -> None:
    used = {
        name
        for app in ("lines", "quality", "traceability", "mes")
        for path in (ROOT / app).rglob("*.py")
        if path.name != "errors.py"
        for name in re.findall(r"\b[A-Z][A-Z0-9_]+\b", path.read_text(encoding="utf-8"))
    }
    for module in (module for app in APPS for module in modules(app)):
        for name, value in vars(module).items():
            if isinstance(value, Code):
                assert name in used, f"{value.code} {name} is told by nobody"
