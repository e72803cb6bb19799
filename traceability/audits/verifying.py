"""Is a code or a file what this system handed out? Answered by hashes; no file is kept for it."""

import base64
import binascii
import hashlib
import re
from collections.abc import Mapping
from typing import Any

from lines.errors import Refusal
from traceability.audits.content import read_code
from traceability.audits.errors import WRONG_PROOF
from traceability.audits.queries import history_by_code, history_by_sha256
from traceability.audits.services import is_current

_SHA256 = re.compile(r"[0-9a-f]{64}")


def verified(code: str = "", sha256: str = "", content: bytes | None = None) -> dict[str, Any]:
    """One of the three. Raises Refusal WRONG_PROOF where there is none of them, or it is no code or hash."""
    printed = bundle = None
    if content is not None:
        sha256 = hashlib.sha256(content).hexdigest()
    if code:
        read = read_code(code)
        if read is None:
            raise Refusal(WRONG_PROOF, "code: XXXX-XXXX-XXXX-XXXX of A to Z and 2 to 7")
        found = history_by_code(read)
        asked = {"code": read}
    elif _SHA256.fullmatch(sha256.strip().lower()):
        sha256 = sha256.strip().lower()
        found, printed, bundle = history_by_sha256(sha256)
        asked = {"sha256": sha256}
    else:
        raise Refusal(WRONG_PROOF, "sha256: 64 hexadecimal digits" if sha256 else "")
    kind = "ARCHIVE" if bundle else "PRINT" if printed else "HISTORY" if found else None
    return {
        "asked": asked,
        "is_genuine": kind is not None,
        "kind": kind,
        "is_current": is_current(found) if found else None,
        "serial": found.unit.serial if found else None,
        "code": found.code if found else None,
        "content_sha256": found.content_sha256 if found else None,
        "n_records": found.n_records if found else None,
        "n_values": found.n_values if found else None,
        "first_issued_at": _first_issued(found, printed, bundle),
        "first_issued_by": bundle.requested_by if bundle else printed.issued_by if printed
        else found.first_issued_by if found else None,
        "archive": bundle.pk if bundle else None,
    }  # fmt: skip


def _first_issued(found: Any, printed: Any, bundle: Any) -> str | None:
    at = bundle.finished_at if bundle else printed.issued_at if printed else found.first_issued_at if found else None
    return at.isoformat() if at else None


def read_proof(body: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments for `verified` of a JSON body: code, sha256, or content (base64). Raises Refusal WRONG_PROOF."""
    strange = sorted(set(body) - {"code", "sha256", "content"})
    given = {name: text for name, text in body.items() if text}
    if strange or len(given) != 1 or not all(isinstance(text, str) for text in given.values()):
        raise Refusal(WRONG_PROOF, "one of code, sha256 and content, as text")
    if "content" not in given:
        return given
    try:
        return {"content": base64.b64decode(given["content"], validate=True)}
    except (binascii.Error, ValueError):
        raise Refusal(WRONG_PROOF, "content: base64") from None
