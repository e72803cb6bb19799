"""Bringing master data to what the plant files say, row by row: made when missing, changed where it differs."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)


@dataclass
class Changes:
    """What a load did, for its one line of report."""

    at: datetime  # moment of the load: new versions are valid from here
    made: int = 0
    changed: int = 0


class Rows(Generic[Row]):
    """All rows of one table by their key. Rows that no file names any more stay: facts may rest on them."""

    def __init__(self, model: type[Row], changes: Changes, *key: str) -> None:
        self._model = model
        self._changes = changes
        self._key = key
        # Keys are natural ones, so foreign keys are compared by column.
        self.found = {self._key_of(row): row for row in model._default_manager.all()}

    def _key_of(self, row: Row) -> tuple[Any, ...]:
        return tuple(getattr(row, name) for name in self._key)

    def keep(self, *key: Any, **values: Any) -> Row:
        row = self.found.get(key)
        if row is None:
            row = self._model(**dict(zip(self._key, key, strict=True)), **values)
            row.save(force_insert=True)
            self.found[key] = row
            self._changes.made += 1
            return row
        differing = [name for name, value in values.items() if getattr(row, name) != value]
        if differing:
            for name in differing:
                setattr(row, name, values[name])
            row.save(update_fields=differing)
            self._changes.changed += 1
        return row
