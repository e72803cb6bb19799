"""Strict access to one table of a plant file: values are asked for by type, what nobody asked for is refused. Pure."""

import math
import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

from lines.plant.shapes import Name, PlantFileError

_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


class Entry:
    """One TOML table, or one row of a CSV file. `where` is its place in the file as a reader would look for it."""

    def __init__(self, file: str, where: str, values: Mapping[str, Any]) -> None:
        self.file = file
        self.where = where
        self._values = values
        self._asked: set[str] = set()

    def refuse(self, key: str, what: str, cure: str) -> PlantFileError:
        place = f"{self.where}.{key}" if self.where and key else self.where or key
        return PlantFileError(self.file, place, what, cure)

    def _value(self, key: str, expected: str) -> Any:
        self._asked.add(key)
        if key not in self._values:
            raise self.refuse(key, "is missing.", f"Add it: {expected}.")
        return self._values[key]

    def has(self, key: str) -> bool:
        return key in self._values

    def text(self, key: str, default: str | None = None, *, longest: int = 200) -> str:
        if default is not None and not self.has(key):
            return default
        value = self._value(key, "a text")
        if not isinstance(value, str) or (not value.strip() and default is None):
            raise self.refuse(key, f"is {value!r}.", "Write a text that is not empty, in quotes.")
        if len(value) > longest:
            raise self.refuse(key, f"has {len(value)} characters.", f"Shorten it to {longest}.")
        return value.strip()

    def code(self, key: str, longest: int = 24) -> str:
        value = self.text(key, longest=longest)
        if not _CODE.fullmatch(value):
            raise self.refuse(key, f"is {value!r}.", "Use letters, digits, dot, dash and underscore only.")
        return value

    def choice(self, key: str, choices: Collection[str], default: str | None = None) -> str:
        value = self.text(key, default)
        if value not in choices:
            raise self.refuse(key, f"is {value!r}.", f"Use one of {', '.join(choices)}.")
        return value

    def number(self, key: str) -> float:
        value = self._value(key, "a number")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.refuse(key, f"is {value!r}.", "Write a finite number without quotes.")
        return float(value)

    def optional_number(self, key: str) -> float | None:
        return self.number(key) if self.has(key) else None

    def integer(self, key: str, default: int | None = None, *, least: int = 0, most: int = 32_767) -> int:
        if default is not None and not self.has(key):
            return default
        value = self._value(key, "a whole number")
        if isinstance(value, bool) or not isinstance(value, int):
            raise self.refuse(key, f"is {value!r}.", "Write a whole number without quotes.")
        if not least <= value <= most:
            raise self.refuse(key, f"is {value}.", f"Use {least} to {most}.")
        return value

    def flag(self, key: str, default: bool = False) -> bool:
        if not self.has(key):
            return default
        value = self._value(key, "true or false")
        if not isinstance(value, bool):
            raise self.refuse(key, f"is {value!r}.", "Write true or false without quotes.")
        return value

    def texts(self, key: str, default: tuple[str, ...] | None = None) -> tuple[str, ...]:
        if default is not None and not self.has(key):
            return default
        value = self._value(key, "a list of texts")
        if not isinstance(value, list) or not all(isinstance(item, str) and item for item in value):
            raise self.refuse(key, f"is {value!r}.", 'Write a list of texts: ["A", "B"].')
        if len(set(value)) != len(value):
            raise self.refuse(key, "names something twice.", "Remove the repetition.")
        return tuple(value)

    def name(self) -> Name:
        return Name(self.text("name_en", longest=120), self.text("name_ja", longest=120))

    def entry(self, key: str) -> "Entry":
        value = self._value(key, "a table")
        if not isinstance(value, dict):
            raise self.refuse(key, f"is {value!r}.", f"Write a table: [{key}].")
        return Entry(self.file, f"{self.where}.{key}" if self.where else key, value)

    def numbers(self, key: str) -> dict[str, float]:
        """A table of nothing but numbers; empty when missing."""
        if not self.has(key):
            return {}
        table = self.entry(key)
        return {name: table.number(name) for name in table}

    def entries(self, key: str, label: str = "code", *, may_miss: bool = False) -> list["Entry"]:
        """A list of tables, each named by its `label` in messages."""
        if may_miss and not self.has(key):
            return []
        value = self._value(key, f"a list of tables [[{key}]]")
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self.refuse(key, "is not a list of tables.", f"Write [[{key}]] before each.")
        place = f"{self.where}.{key}" if self.where else key
        return [
            Entry(self.file, f"{place}[{item.get(label, number)}]", item) for number, item in enumerate(value, start=1)
        ]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def done(self) -> None:
        """Refuse what nobody asked for: a misspelt key would otherwise be a silent default."""
        for key in self._values:
            if key not in self._asked:
                raise self.refuse(
                    key, "is not a key of this table.", f"Remove it, or use one of {', '.join(sorted(self._asked))}."
                )


def read_text(folder: Path, name: str) -> str:
    try:
        text = (folder / name).read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise PlantFileError(name, "-", "is missing.", f"Add the file to {folder}.") from None
    except UnicodeDecodeError as error:
        raise PlantFileError(name, f"byte {error.start}", "is not UTF-8.", "Save the file as UTF-8.") from None
    except OSError as error:
        raise PlantFileError(name, "-", f"cannot be read ({error.strerror}).", "Check the file's rights.") from None
    if "\0" in text:
        line = text[: text.index("\0")].count("\n") + 1
        raise PlantFileError(name, f"line {line}", "holds a NUL character.", "Remove it; no database takes it.")
    return text


def read_toml(folder: Path, name: str) -> Entry:
    text = read_text(folder, name)
    try:
        return Entry(name, "", tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise PlantFileError(name, "-", f"is not TOML: {error}.", "Correct the line that it names.") from None


def refuse_doubles(file: str, what: str, codes: list[str]) -> None:
    seen: set[str] = set()
    for code in codes:
        if code in seen:
            raise PlantFileError(file, f"{what}[{code}]", "is defined twice.", "Give one of the two another code.")
        seen.add(code)
