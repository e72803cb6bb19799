"""What bench.spc_live needs of the database: stations with charts, records that are fed, and when what was stored."""

import random
import threading
import time
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.core.management import call_command
from django.db import connection

from bench.sessions import signed_in
from lines.models import Area, OpcUaServer, Person, Product, ProductionLine, Site, Station
from lines.people.models import Role
from quality.models import Characteristic, ControlLimits, ControlPlan

STATIONS = 20
VALUES = 10  # of one record
COMMITS_PER_S = 20
OUT_OF_CONTROL = 0.002  # share of values far beyond a limit, so that there are signals to see

_INSERT = """
with r as (
    select n, nextval(pg_get_serial_sequence('lines_operationrecord', 'id')) as id,
        nextval(pg_get_serial_sequence('lines_stationpost', 'id')) as post
    from generate_series(1, cardinality(%(stations)s::int[])) as n
), posts as (
    insert into lines_stationpost (id, station_id, key, body_sha256, received_at)
    select post, (%(stations)s::int[])[n], post::text, '', %(at)s from r
), records as (
    insert into lines_operationrecord (id, post_id, station_id, operation, serial, product, attempt, source_time,
        received_at, machine_outcome, verdict, is_conforming, deviation_codes, reason_codes, recipe, operator, tray,
        channel, grade, is_offline, entered_by, content_sha256)
    select id, post, (%(stations)s::int[])[n], 'OP', 'S' || id, 'CELL', 1, %(at)s, %(at)s, 'PASS', 'PASS', true, '{}',
        '{}', '', '', '', '', '', false, '', ''
    from r
), measured as (
    insert into lines_measurement (received_at, record_id, sequence, characteristic, value, unit, position, source_time,
        judgement, is_derived)
    select %(at)s, r.id, v.sequence, v.code, v.value, 'x', '', %(at)s, 1, false
    from r join unnest(%(records)s::int[], %(sequences)s::int[], %(codes)s::text[], %(values)s::float8[])
        as v (n, sequence, code, value) using (n)
)
insert into lines_pending (consumer, record_id) select 'SPC', id from r
"""
_LAGS = """
select extract(epoch from pg_xact_commit_timestamp(p.xmin) - pg_xact_commit_timestamp(r.xmin)) * 1000
from quality_chartpoint p join lines_operationrecord r on r.id = p.records[1]
where r.received_at > %s and r.received_at < %s
"""
_STORED = """
select s.id, extract(epoch from pg_xact_commit_timestamp(r.xmin))
from quality_signal s join quality_chartpoint p on p.id = s.point_id
join lines_operationrecord r on r.id = p.records[1] where r.received_at > %s
"""


def seed(charts: int) -> dict[str, str]:
    """The tables, stations, plans and a person's session; returns its cookie."""
    call_command("migrate", verbosity=0)
    names = {"name_en": "Bench", "name_ja": "試験"}
    site = Site.objects.create(code="BENCH", **names)
    line = ProductionLine.objects.create(site=site, code="BENCH", **names)
    area = Area.objects.create(site=site, code="BENCH", sequence=1, **names)
    server = OpcUaServer.objects.create(code="BENCH", production_line=line, endpoint_url="opc.tcp://127.0.0.1:1")
    product = Product.objects.create(code="CELL", chemistry="LFP", **names)
    stations = Station.objects.bulk_create(
        [
            Station(
                code=f"BENCH-{n:02}", kind="CELL_ASSEMBLY", area=area, production_line=line, sequence=n,
                interface="HTTP", opcua_server=server, **names,
            )
            for n in range(STATIONS)
        ]
    )  # fmt: skip
    characteristics = Characteristic.objects.bulk_create(
        [Characteristic(code=f"C{n:03}", unit="x", distribution="NORMAL", **names) for n in range(charts // STATIONS)]
    )
    plans = ControlPlan.objects.bulk_create(
        [
            ControlPlan(
                code=f"{station.code}-{characteristic.code}", characteristic=characteristic, product=product,
                station=station, chart="I-MR", rules=[1, 2], response="ALARM", **names,
            )
            for station in stations
            for characteristic in characteristics
        ]
    )  # fmt: skip
    ControlLimits.objects.bulk_create(
        [
            ControlLimits(
                plan=plan, version=1, center=10, sigma_within=1, n_values=100, sigma_method="MR-MEAN",
                valid_from=datetime.now(UTC), author="bench", reason="bench",
            )
            for plan in plans
        ]
    )  # fmt: skip
    return signed_in(Person.objects.create(username="auditor", role=Role.AUDITOR))


class Feed(threading.Thread):
    """Commits records at a steady pace until it is told to stop."""

    def __init__(self, charts: int, rate: float) -> None:
        super().__init__(daemon=True)
        self.stations = list(Station.objects.order_by("id").values_list("id", flat=True))
        self.codes = charts // STATIONS
        self.records = max(1, round(rate / VALUES / COMMITS_PER_S))
        self.is_over = threading.Event()
        self.random = random.Random(1)
        self.fed = 0

    def run(self) -> None:
        due = time.monotonic()
        with connection.cursor() as cursor:
            while not self.is_over.is_set():
                cursor.execute(_INSERT, self._batch())
                self.fed += self.records * VALUES
                due += 1 / COMMITS_PER_S
                time.sleep(max(0.0, due - time.monotonic()))

    def _batch(self) -> dict[str, Any]:
        records, sequences, codes, values = [], [], [], []
        for n in range(1, self.records + 1):
            for sequence, code in enumerate(self.random.sample(range(self.codes), VALUES)):
                records.append(n)
                sequences.append(sequence)
                codes.append(f"C{code:03}")
                far = 6.0 if self.random.random() < OUT_OF_CONTROL else 0.0
                values.append(10 + far + self.random.gauss(0, 0.8))
        stations = [self.random.choice(self.stations) for _ in range(self.records)]
        return {
            "stations": stations, "records": records, "sequences": sequences, "codes": codes, "values": values,
            "at": datetime.now(UTC),
        }  # fmt: skip


def wait_for_the_worker(longest_s: float) -> None:
    """Until it has worked off what came while it started."""
    deadline = time.monotonic() + longest_s
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "select exists (select 1 from quality_chartpoint), (select count(*) from lines_pending) < 100"
            )
            if cursor.fetchone() == (True, True):
                return
            time.sleep(0.2)


def lags_ms(begin: datetime, until: datetime) -> np.ndarray[Any, Any]:
    """From a record to its point, as both were committed."""
    with connection.cursor() as cursor:
        cursor.execute(_LAGS, [begin, until])
        return np.array([row[0] for row in cursor.fetchall()], float)


def signals(begin: datetime) -> dict[int, float]:
    """By signal, when its record was committed."""
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [begin])
        return {pk: float(at) for pk, at in cursor.fetchall()}
