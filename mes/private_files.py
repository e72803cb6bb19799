"""Files that carry passwords and tokens."""

import os
from pathlib import Path


def write_private(path: Path, text: str) -> None:
    """Whole or not at all, and readable by nobody else at any moment."""
    half = path.with_name(f".{path.name}.{os.getpid()}")
    half.unlink(missing_ok=True)
    with os.fdopen(os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    half.replace(path)
