"""The content of a history file as bytes, and the code by which it is verified. Pure.

The content says what is known of the unit, and not who asked or when: the same data give the same bytes. Its hash is
SHA-256 of these bytes, which are the JSON file; the verify code is the hash's first 80 bits in RFC 4648 base 32.
"""

import base64
import hashlib
import json
import math
import re
from collections.abc import Mapping
from typing import Any

FORMAT = "denchi-unit-history/1"
_CODE = re.compile(r"[A-Z2-7]{16}")


def canonical_json(content: Mapping[str, Any]) -> bytes:
    """Keys sorted, no blanks, UTF-8; a figure that JSON has no sign for is null."""
    text = json.dumps(_finite(content), ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    return text.encode()


def sha256_of(content: bytes) -> str:
    """In hexadecimal."""
    return hashlib.sha256(content).hexdigest()


def code_of(sha256: str) -> str:
    """XXXX-XXXX-XXXX-XXXX of a hash in hexadecimal."""
    text = base64.b32encode(bytes.fromhex(sha256)[:10]).decode()
    return "-".join(text[place : place + 4] for place in range(0, 16, 4))


def read_code(text: str) -> str | None:
    """A code as people type it: blanks, dashes, small letters, 0 for O, 1 for I, 8 for B. None: it is none."""
    folded = re.sub(r"[\s\-]", "", text).upper().translate(str.maketrans("018", "OIB"))
    if not _CODE.fullmatch(folded):
        return None
    return "-".join(folded[place : place + 4] for place in range(0, 16, 4))


def _finite(part: Any) -> Any:
    if isinstance(part, float):
        return part if math.isfinite(part) else None
    if isinstance(part, Mapping):
        return {str(key): _finite(inner) for key, inner in part.items()}
    if isinstance(part, list | tuple):
        return [_finite(inner) for inner in part]
    return part
