"""Writing down what stations tell of the metres of a roll. Only ever added."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db import connection

from lines.records.copying import copy_rows
from lines.stations.results import CutOut, WebMark, WebScan


@dataclass(frozen=True, slots=True)
class WebFacts:
    """What one visit tells of its own roll, and of the rolls it was cut from (by their ids)."""

    roll_id: int
    record_id: int
    marks: tuple[WebMark, ...] = ()
    scans: tuple[WebScan, ...] = ()
    cuts: tuple[tuple[int, CutOut], ...] = ()


_MARK = ("roll_id", "record_id", "from_m", "to_m", "lane", "side", "y_mm", "code", "size_mm")
_SCAN = ("roll_id", "record_id", "characteristic", "side", "at_m", "values", "gauge")
_CUT = ("roll_id", "record_id", "lane", "from_m", "to_m", "code")


def keep_web(facts: Iterable[WebFacts]) -> None:
    """All of a post in at most three statements; none where it tells nothing."""
    facts = list(facts)
    marks = [
        (f.roll_id, f.record_id, m.from_m, m.to_m, m.lane, m.side, m.y_mm, m.code, m.size_mm)
        for f in facts
        for m in f.marks
    ]
    scans = [
        (f.roll_id, f.record_id, s.characteristic, s.side, s.at_m, list(s.values), s.gauge)
        for f in facts
        for s in f.scans
    ]
    cuts = [(roll, f.record_id, c.lane, c.from_m, c.to_m, c.code) for f in facts for roll, c in f.cuts]
    for table, columns, rows in (("rollmark", _MARK, marks), ("rollscan", _SCAN, scans), ("rollcut", _CUT, cuts)):
        if rows:
            copy_rows(f"traceability_{table}", columns, rows)


def tell_again(record_id: int, wrong_id: int, right_id: int, new_record_id: int) -> None:
    """A record was of another unit: what it told of the wrong roll, the new record tells of the right one. What the
    withdrawn record told stays, and counts no more (queries.py)."""
    with connection.cursor() as cursor:
        for table, columns in (("rollmark", _MARK), ("rollscan", _SCAN), ("rollcut", _CUT)):
            same = ", ".join(f'"{column}"' for column in columns[2:])
            cursor.execute(
                f"insert into traceability_{table} (roll_id, record_id, {same})"  # noqa: S608 - names of this module
                f" select case when roll_id = %s then %s else roll_id end, %s, {same}"
                f" from traceability_{table} where record_id = %s",
                [wrong_id, right_id, new_record_id, record_id],
            )
