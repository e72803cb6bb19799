"""Charts fed live: `python -m bench.spc_live [--seconds 20] [--charts 2000] [--rate 1000]`. Starts servers of its own.

Records with ten values each are committed at a steady rate; one worker (Celery, one process, with the beat) judges
them on individuals charts with rules 1 and 2. The lag of a point is from the commit of its record to the commit of the
point, as PostgreSQL stamped both; that of a signal from the commit of its record to its arrival on a screen's stream.
"""

import argparse
import asyncio
import json
import os
import random
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import django
import httpx
import numpy as np

from bench.live import _answers, _cpu_s, _valkey
from mes.embedded import EmbeddedPostgres, free_port
from mes.processes import Command, Supervisor

ROOT = Path(__file__).resolve().parent.parent
STATIONS = 20
VALUES = 10  # of one record
COMMITS_PER_S = 20
SETTLE_S = 5.0
START_S = 120.0
GOAL_MS = 1000
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
where r.received_at > %s
"""
_STORED = """
select s.id, extract(epoch from pg_xact_commit_timestamp(r.xmin))
from quality_signal s join quality_chartpoint p on p.id = s.point_id
join lines_operationrecord r on r.id = p.records[1] where r.received_at > %s
"""


def seed(charts: int) -> dict[str, str]:
    """Stations, plans and a person's session; returns its cookie."""
    # Django's own parts can be imported only after setup.
    from django.conf import settings  # noqa: PLC0415 - see above
    from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY  # noqa: PLC0415 - see above
    from django.contrib.sessions.backends.db import SessionStore  # noqa: PLC0415 - see above

    from lines.models import Area, OpcUaServer, Person, Product, ProductionLine, Site, Station  # noqa: PLC0415 - see above
    from lines.people.models import Role  # noqa: PLC0415 - see above
    from quality.models import Characteristic, ControlLimits, ControlPlan  # noqa: PLC0415 - see above

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
    person = Person.objects.create(username="auditor", role=Role.AUDITOR)
    session = SessionStore()
    session[SESSION_KEY] = str(person.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = person.get_session_auth_hash()
    session.create()
    return {settings.SESSION_COOKIE_NAME: str(session.session_key)}


class Feed(threading.Thread):
    """Commits records at a steady pace until it is told to stop."""

    def __init__(self, charts: int, rate: float) -> None:
        super().__init__(daemon=True)
        from lines.models import Station  # noqa: PLC0415 - after setup

        self.stations = list(Station.objects.order_by("id").values_list("id", flat=True))
        self.codes = charts // STATIONS
        self.records = max(1, round(rate / VALUES / COMMITS_PER_S))
        self.is_over = threading.Event()
        self.random = random.Random(1)
        self.fed = 0

    def run(self) -> None:
        from django.db import connection  # noqa: PLC0415 - after setup

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


async def screen(url: str, cookie: dict[str, str], seen: dict[int, float], is_over: Callable[[], bool]) -> None:
    """When each signal came, by its id."""
    async with httpx.AsyncClient(base_url=url, cookies=cookie, timeout=START_S) as client:
        await asyncio.wait_for(_answers(client), START_S)
        async with client.stream("GET", "/events/", params={"kinds": "SIGNAL"}) as response:
            async for line in response.aiter_lines():
                if line.startswith("data: "):
                    seen[json.loads(line[6:])["signal"]] = time.time()
                if is_over():
                    return


def run(folder: Path, charts: int, rate: float, seconds: float) -> None:
    settings = {"DENCHI_VAR": str(folder), "DJANGO_SETTINGS_MODULE": "mes.settings", "DENCHI_LOG_LEVEL": "WARNING"}
    settings |= {"DENCHI_SECRET_KEY": "only-for-this-run", "PYTHONPATH": str(ROOT), "CELERY_SKIP_CHECKS": "1"}
    with (
        EmbeddedPostgres(folder / "postgres", {"track_commit_timestamp": "on"}) as postgres,
        _valkey(folder / "valkey") as redis_url,
    ):
        settings |= {"DENCHI_DATABASE_URL": postgres.url, "DENCHI_REDIS_URL": redis_url}
        os.environ |= settings
        django.setup()
        from django.core.management import call_command  # noqa: PLC0415 - after setup
        from django.db import connection  # noqa: PLC0415 - after setup

        call_command("migrate", verbosity=0)
        cookie = seed(charts)
        web = free_port()
        supervisor = Supervisor(folder / "logs", folder / "pids.json", print)
        celery = [
            "-m",
            "celery",
            "-A",
            "mes.celery",
            "worker",
            "-B",
            "-Q",
            "telemetry,records",
            "-c",
            "1",
            "-l",
            "WARNING",
        ]
        words = {
            "worker": [*celery, "-s", str(folder / "beat"), "--without-gossip", "--without-mingle"],
            "web": ["-m", "uvicorn", "mes.asgi:application", "--port", str(web), "--log-level", "warning"],
        }
        feed, seen = Feed(charts, rate), dict[int, float]()
        try:
            for name, each in words.items():
                supervisor.start(Command(name, [sys.executable, *each], settings))
            sessions = {supervisor.pid_of(name): name for name in words}
            url = f"http://127.0.0.1:{web}"
            watcher = threading.Thread(
                target=lambda: asyncio.run(screen(url, cookie, seen, feed.is_over.is_set)), daemon=True
            )
            watcher.start()
            feed.start()
            _wait_for_the_worker()
            time.sleep(SETTLE_S)
            begin, spent, fed = datetime.now(UTC), _cpu_s(sessions), feed.fed
            started = time.monotonic()
            time.sleep(seconds)
            elapsed, cpu, fed = time.monotonic() - started, _cpu_s(sessions), feed.fed - fed
            until = datetime.now(UTC)
            feed.is_over.set()
            time.sleep(3)
            with connection.cursor() as cursor:
                cursor.execute(_LAGS + " and r.received_at < %s", [begin, until])
                lags = np.array([row[0] for row in cursor.fetchall()], float)
                cursor.execute(_STORED, [begin])
                on_screen = np.array([1000 * (seen[pk] - float(at)) for pk, at in cursor.fetchall() if pk in seen])
            if not lags.size:
                raise SystemExit("\n".join(supervisor.tail_of(name, 20) for name in words))
        finally:
            feed.is_over.set()
            supervisor.stop_all()
    share = (cpu["worker"] - spent["worker"]) / elapsed
    print(f"{charts:,} charts, {fed / elapsed:,.0f} points/s for {elapsed:.0f} s; one worker.\n")
    tell(fed, share, elapsed, lags, on_screen)


def _wait_for_the_worker() -> None:
    """Until it has worked off what came while it started."""
    from django.db import connection  # noqa: PLC0415 - after setup

    deadline = time.monotonic() + START_S
    with connection.cursor() as cursor:
        while time.monotonic() < deadline:
            cursor.execute(
                "select exists (select 1 from quality_chartpoint), (select count(*) from lines_pending) < 100"
            )
            if cursor.fetchone() == (True, True):
                return
            time.sleep(0.2)


def tell(fed: int, share: float, elapsed: float, lags: np.ndarray[Any, Any], on_screen: np.ndarray[Any, Any]) -> None:
    print("| lag | n | p50 ms | p95 ms | p99 ms | most ms | goal p95 ms |")
    print("|---|---|---|---|---|---|---|")
    for name, some in (("result stored -> point stored", lags), ("result stored -> signal on screen", on_screen)):
        if some.size:
            figures = " | ".join(f"{each:.0f}" for each in [*np.percentile(some, (50, 95, 99)), some.max()])
            print(f"| {name} | {some.size:,} | {figures} | {GOAL_MS} |")
    print(
        f"\nThe worker with its beat and all its tasks took {share:.0%} of one core,"
        f" {1e6 * share * elapsed / fed:.0f} us of CPU a point;"
        f" {lags.size:,} of {fed:,} points were judged 3 s after the last one."
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--charts", type=int, default=2000)
    parser.add_argument("--rate", type=float, default=1000.0, help="points a second")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        Path(name).chmod(0o755)
        run(Path(name), asked.charts, asked.rate, asked.seconds)


if __name__ == "__main__":
    main()
