"""What bench.spc_report needs of the database: charts with their points, and a report of them with its steps timed."""

import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.management import call_command
from django.db import connection

from lines.models import Area, OpcUaServer, Person, Product, ProductionLine, Site, Station
from lines.people.models import Role
from quality.models import Characteristic, CharacteristicLimits, ControlLimits, ControlPlan, Gauge
from quality.reports import files, services
from quality.reports.asked import AskedReport

STARTED = datetime(2026, 3, 1, tzinfo=UTC)
GOAL_S, GOAL_MB = 10.0, 500
_POINTS = """
with made as (
    select n, case when n %% 500 = 0 then 15 else 10 end + sqrt(-2 * ln(1 - random())) * cos(2 * pi() * random()) as v,
        %(since)s::timestamptz + n * interval '30 seconds' as at
    from generate_series(1, %(count)s) as n
), posts as (
    insert into lines_stationpost (station_id, key, body_sha256, received_at)
    select %(station)s, %(code)s || n, '', at from made returning id, key
), records as (
    insert into lines_operationrecord (post_id, station_id, operation, serial, product, attempt, source_time,
        received_at, machine_outcome, verdict, is_conforming, deviation_codes, reason_codes, recipe, operator, tray,
        channel, grade, is_offline, entered_by, content_sha256)
    select p.id, %(station)s, 'OP', 'SK1CLF6BL' || lpad(n::text, 6, '0'), 'CELL', 1, at, at, 'PASS', 'PASS', true, '{}',
        '{}', '', '', '', 'CH-' || n %% 64, '', false, '', ''
    from made join posts p on p.key = %(code)s || n returning id, source_time
), numbered as (
    select records.id, made.* from records join made on made.at = records.source_time
), measured as (
    insert into lines_measurement (received_at, record_id, sequence, characteristic, value, unit, position, source_time,
        judgement, is_derived)
    select at, id, 0, %(code)s, v, 'kg', '', at, 1, false from numbered
)
insert into quality_chartpoint (plan_id, limits_id, stream, number, source_time, location, n, records, size, is_late,
    is_excluded)
select %(plan)s, %(limits)s, '', n - 1, at, v, 1, array[id], null, false, false from numbered
"""
_SIGNALS = """
insert into quality_signal (plan_id, point_id, limits_id, stream, chart, rule, side, window_first, raised_at)
select plan_id, id, limits_id, '', 'I', 1, 1, number, now() from quality_chartpoint where number %% 500 = 499
    and plan_id = %s
"""


def seed(points: int, charts: int) -> None:
    """The tables; and in a database that has no charts yet, these with their points."""
    call_command("migrate", verbosity=0)
    if ControlPlan.objects.exists():
        return
    names: dict[str, Any] = {"name_en": "Bench", "name_ja": "ベンチ"}
    version: dict[str, Any] = {"version": 1, "valid_from": STARTED, "author": "bench", "reason": "bench"}
    site = Site.objects.create(code="S", **names)
    area = Area.objects.create(site=site, code="A", sequence=1, **names)
    line = ProductionLine.objects.create(site=site, code="L", **names)
    server = OpcUaServer.objects.create(code="SRV", production_line=line, endpoint_url="opc.tcp://127.0.0.1:1")
    station = Station.objects.create(
        code="FILL-1", kind="FILLING", area=area, production_line=line, sequence=1, interface="HTTP",
        opcua_server=server, **names,
    )  # fmt: skip
    product = Product.objects.create(code="CELL", chemistry="LFP", **names)
    Gauge.objects.create(
        code="SCALE", station=station, calibrated_at=STARTED, valid_until=STARTED + timedelta(days=400), **names
    )
    for n in range(charts):
        code = f"C-{n:02}"
        characteristic = Characteristic.objects.create(code=code, unit="kg", distribution="NORMAL", **names)
        CharacteristicLimits.objects.create(
            characteristic=characteristic, product=product, lsl=4, target=10, usl=16, **version
        )
        plan = ControlPlan.objects.create(
            code=f"CHART-{code}", characteristic=characteristic, product=product, station=station, chart="I-MR",
            subgroup_by="CONSECUTIVE", subgroup_size=1, response="LOG", rules=[1], **names,
        )  # fmt: skip
        limits = ControlLimits.objects.create(
            plan=plan, center=10, sigma_within=1, n_values=100, sigma_method="MR-MEAN", **version
        )
        ids: dict[str, Any] = {
            "plan": plan.pk,
            "limits": limits.pk,
            "station": station.pk,
            "since": STARTED + timedelta(seconds=n),
        }
        with connection.cursor() as cursor:
            cursor.execute(_POINTS, {**ids, "code": code, "count": points // charts})
            cursor.execute(_SIGNALS, [plan.pk])
    with connection.cursor() as cursor:
        cursor.execute("analyze")


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def make() -> None:
    """As the worker makes it, each of its steps timed."""
    spent: dict[str, tuple[float, float, float]] = {}

    def timed(owner: Any, name: str, listed: bool = False) -> None:
        real: Callable[..., Any] = getattr(owner, name)

        def and_time(*words: Any, **more: Any) -> Any:
            began, cpu = time.perf_counter(), time.process_time()
            found = real(*words, **more)
            found = list(found) if listed else found
            spent[name] = (time.perf_counter() - began, time.process_time() - cpu, _peak_mb())
            return found

        setattr(owner, name, and_time)

    timed(services, "collect")
    timed(services, "drawings", listed=True)
    for name in ("write_pdf", "write_json", "write_csv", "write_workbook"):
        timed(files, name)
    person, _is_new = Person.objects.get_or_create(username="bench", defaults={"role": Role.QUALITY})
    report = services.ask(AskedReport(STARTED, STARTED + timedelta(days=300)), "ja", person)
    began, cpu_began = time.perf_counter(), time.process_time()
    services.make_next()
    whole, cpu_whole = time.perf_counter() - began, time.process_time() - cpu_began
    report.refresh_from_db()
    print(f"{report.state}: {report.n_charts} charts, {report.n_points} points, {report.n_rows} values")
    for name, (seconds, cpu, peak) in spent.items():
        print(f"  {name:15} {seconds:6.2f} s, of the processor {cpu:6.2f} s, peak so far {peak:4.0f} MB")
    for file in report.files.order_by("pk"):
        print(f"  {file.format:15} {file.n_bytes / 1e6:6.2f} MB")
    print(
        f"all files {whole:.2f} s, of the processor {cpu_whole:.2f} s (goal {GOAL_S:.0f}); "
        f"peak memory {_peak_mb():.0f} MB (goal {GOAL_MB})"
    )
