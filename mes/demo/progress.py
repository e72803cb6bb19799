"""How far the demo's plant has come, read from its database."""

from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

import psycopg

_COUNTS = """
select (select count(*) from lines_operationrecord),
       (select min(source_time)
          from (select source_time from lines_operationrecord order by id limit 100) as oldest),
       (select max(source_time)
          from (select source_time from lines_operationrecord order by id desc limit 200) as newest),
       (select count(*) from traceability_unit u join lines_materialdefinition d on d.id = u.definition_id
         where d.tracking = 'CELL'),
       (select count(*) from quality_signal),
       (select count(*) from lines_pending)
"""
# A pack counts with a passed end-of-line test that no later test or rework undid.
_PACKS = """
select p.code,
       count(u.id) filter (where u.last_test_passed and exists (
           select 1 from lines_operationrecord r
            where r.serial = u.serial and r.operation = 'EOL' and r.verdict = 'PASS'))
  from lines_product p
  join lines_materialdefinition d on d.product_id = p.id and d.tracking = 'PACK'
  left join traceability_unit u on u.definition_id = d.id
 group by p.code order by p.code
"""


@dataclass(frozen=True)
class Progress:
    records: int
    first_time: datetime | None  # of the machines' clocks
    last_time: datetime | None
    cells: int
    signals: int
    pending: int  # records that SPC has not looked at yet
    passed_packs: dict[str, int]  # by product

    def line(self, now: datetime) -> str:
        """One line for the person who waits."""
        if self.first_time is None or self.last_time is None:
            return "the plant starts"
        behind_s = (now - self.last_time).total_seconds()
        span_s = (now - self.first_time).total_seconds()
        # A minute or an operation behind is live: stations post when an operation ends.
        live = behind_s < 1800
        share = "live" if live else f"catching up {100 * (1 - behind_s / span_s):3.0f} %"
        packs = ", ".join(f"{product} {count}" for product, count in self.passed_packs.items())
        local = self.last_time.astimezone(ZoneInfo("Asia/Tokyo"))
        return (
            f"plant time {local:%Y-%m-%d %H:%M} ({share}) | {self.cells} cells | packs passed: {packs} | "
            f"{self.records} results | {self.signals} signals"
        )


class ProgressReader:
    """Keeps one connection; a database that doesn't answer gives None."""

    def __init__(self, database_url: str) -> None:
        self._url = database_url
        self._connection: psycopg.Connection | None = None

    def read(self) -> Progress | None:
        try:
            if self._connection is None or self._connection.closed:
                self._connection = psycopg.connect(
                    self._url, autocommit=True, connect_timeout=3, options="-c statement_timeout=3000"
                )
            counts = self._connection.execute(_COUNTS).fetchone()
            packs = self._connection.execute(_PACKS).fetchall()
        except psycopg.Error:
            self.close()
            return None
        assert counts is not None  # noqa: S101 - a select without from gives one row
        records, first_time, last_time, cells, signals, pending = counts
        return Progress(records, first_time, last_time, cells, signals, pending, dict(packs))

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None
