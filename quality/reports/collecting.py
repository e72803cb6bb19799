"""What the database knows about the charts of a report, a section at a time."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any

import numpy as np
from django.db.models import Count, Q

from lines.ledger.queries import gaps
from lines.names import Bilingual
from quality.charts.capable import LEAST_VALUES, MEASURED, sigma_of_one, singles_gone
from quality.charts.models import ChartPoint, Signal
from quality.charts.plotted import SpecLimits
from quality.charts.queries import specification
from quality.gauges.models import Gauge, GaugeRrStudy
from quality.gauges.queries import newest_studies
from quality.plans.models import ControlLimits, ControlPlan, Distribution
from quality.reports.asked import AskedReport
from quality.reports.content import Content, Row, Section
from quality.reports.rows import rows_of
from quality.reports.selecting import Selected, selected
from quality.spc.autocorrelation import autocorrelation
from quality.spc.capability import Indices, Spec, capability, labels
from quality.spc.errors import NOT_STABLE, TOO_FEW_VALUES, Undefined
from quality.spc.nonnormal import lognormal, weibull
from quality.spc.normality import normality
from quality.spc.panels import Floats
from quality.spc.stability import IN_CONTROL, LEAST_POINTS, NOT_KNOWN, OUT_OF_CONTROL

MOST_GAPS = 50


def collect(asked: AskedReport, told: Callable[[int, int], None]) -> Content:
    """Everything the report says. `told(done, of)` is called after each chart with the points done; it may raise."""
    charts, without = selected(asked)
    total = sum(chart.n_points for chart in charts)
    sections, done = [], 0
    for chart in charts:
        sections.append(section(asked, chart))
        done += chart.n_points
        told(done, total)
    left_out = [{"plan": plan.code, "name": _names(plan)} for plan in without]
    return Content(asked.as_json(), sections, left_out)


def section(asked: AskedReport, chart: Selected) -> Section:
    plan, stream = chart.plan, chart.stream
    points = ChartPoint.objects.filter(
        plan=plan, stream=stream, source_time__gte=asked.since, source_time__lt=asked.until
    )
    rows = rows_of(plan, stream, asked.since, asked.until, chart.records)
    signals = _signals(plan, stream, asked)
    limits = _limits(points)
    # Of the whole chart, also where only some serials are asked for: a process is stable or not, a unit is neither.
    stability = _stability(points.count(), signals)
    spec = specification(plan)
    facts: dict[str, Any] = {
        "plan": plan.code,
        "name": _names(plan),
        "characteristic": {
            "code": plan.characteristic.code, "name": _names(plan.characteristic), "unit": plan.characteristic.unit
        },
        "product": {"code": plan.product.code, "name": _names(plan.product)},
        "station": {"code": plan.station.code, "name": _names(plan.station)},
        "line": plan.station.production_line.code,
        "source": plan.source,
        "signal_code": plan.signal_code,
        "summary": plan.summary,
        "stream_by": plan.stream_by,
        "stream": stream,
        "chart": plan.chart,
        "subgroup": {
            "by": plan.subgroup_by, "size": plan.subgroup_size, "period_s": plan.period_s, "every_nth": plan.every_nth
        },
        "rules": list(plan.rules),
        "run_lengths": dict(plan.run_lengths),
        "options": dict(plan.options),
        "sigma_method": plan.sigma_method or (limits[-1]["sigma_method"] if limits else ""),
        "limits": limits,
        "specification": None if spec is None else asdict(spec),
        "n_points": chart.n_points,
        "n_values": len(rows),
        "n_excluded": points.filter(is_excluded=True).count(),
        "n_late": points.filter(is_late=True).count(),
        "first": rows[0].at.isoformat() if rows else None,
        "last": rows[-1].at.isoformat() if rows else None,
        "serials": None if chart.records is None else list(asked.serials),
        "signals": signals,
        "stability": stability,
        "gauges": _gauges(plan, rows),
        "gaps": _gaps(plan, asked),
    }  # fmt: skip
    if plan.chart in MEASURED:
        frozen = plan.limits.filter(version=limits[-1]["version"]).first() if limits else None
        values = np.array([]) if singles_gone(plan) else _told(rows)
        facts |= _figures(asked, plan, frozen, spec, values=values, stability=stability)
    return Section(facts, rows)


def _told(rows: Sequence[Row]) -> Floats:
    return np.array([row.value for row in rows if not row.is_excluded], dtype=np.float64)


def _figures(
    asked: AskedReport,
    plan: ControlPlan,
    frozen: ControlLimits | None,
    spec: SpecLimits | None,
    *,
    values: Floats,
    stability: Mapping[str, Any],
) -> dict[str, Any]:
    """Capability, normality and autocorrelation of the values that count."""
    given = Spec(spec.lsl, spec.usl, spec.target) if spec else Spec()
    sigma, df = sigma_of_one(plan, frozen) if frozen else (None, None)
    found = capability(values, sigma, given, df_within=df, confidence=asked.confidence)
    stable = stability["verdict"] == IN_CONTROL
    refused = singles_gone(plan) or found.undefined
    if refused is None and stability["verdict"] == OUT_OF_CONTROL:
        refused = Undefined(NOT_STABLE, "")
    if refused is None and (values.size < LEAST_VALUES or not stable):
        refused = Undefined(TOO_FEW_VALUES, f"{values.size} values in {stability['n_points']} points")
    normal = normality(values)
    dependence = autocorrelation(values)
    told: dict[str, Any] = {
        "capability": {
            "n": found.n,
            "mean": found.mean,
            "confidence": found.confidence,
            "labels": labels(asked.naming, stable),
            "refused": _why(refused),
            "within": _indices(found.within) if refused is None else None,
            "overall": _indices(found.overall),
            "observed_ppm_below": found.observed_ppm_below,
            "observed_ppm_above": found.observed_ppm_above,
        },
        "normality": {
            "a2_adjusted": normal.a2_adjusted, "a2_p": normal.a2_p, "w": normal.w, "w_p": normal.w_p,
            "skewness": normal.skewness, "excess_kurtosis": normal.excess_kurtosis,
            "looks_normal": normal.looks_normal(),
            "undefined": {name: _why(why) for name, why in normal.undefined.items()},
        },
        "autocorrelation": {
            "lag_1": dependence.lags[0] if dependence.lags else None, "p": dependence.p, "warns": dependence.warns
        },
    }  # fmt: skip
    if normal.looks_normal() is False or plan.characteristic.distribution in (
        Distribution.LOGNORMAL,
        Distribution.SKEWED,
    ):
        fits = [fit for fit in (lognormal(values, given), weibull(values, given)) if fit.undefined is None]
        if fits:
            best = max(fits, key=lambda fit: fit.loglik or float("-inf"))
            told["percentiles"] = {
                "distribution": best.name, "percentiles": best.percentiles, "pp": best.pp, "ppk": best.ppk,
                "ppm_below": best.ppm_below, "ppm_above": best.ppm_above,
            }  # fmt: skip
    return told


def _indices(found: Indices) -> dict[str, Any]:
    return {each.name: getattr(found, each.name) for each in fields(found) if each.name != "undefined"} | {
        "undefined": _why(found.undefined)
    }


def _why(why: Undefined | None) -> dict[str, str] | None:
    if why is None:
        return None
    return {"code": why.code.code, "en": why.code.what_en, "ja": why.code.what_ja, "detail": why.detail}


def _utc(at: datetime | None) -> str | None:
    return at.astimezone(UTC).isoformat() if at else None


def _names(row: Bilingual) -> dict[str, str]:
    return {"en": row.name_en, "ja": row.name_ja}


def _limits(points: Any) -> list[dict[str, Any]]:
    """Versions that points of the span were judged by, oldest first, with how many."""
    used = dict(points.values_list("limits_id").annotate(n=Count("id")))
    rows = ControlLimits.objects.filter(pk__in=used).order_by("version")
    return [
        {
            "version": row.version,
            "stream": row.stream,
            "center": row.center,
            "sigma_within": row.sigma_within,
            "n_values": row.n_values,
            "sigma_method": row.sigma_method,
            "parameters": row.parameters,
            "valid_from": _utc(row.valid_from),
            "author": row.author,
            "reason": row.reason,
            "n_points": used[row.pk],
        }
        for row in rows
    ]


def _signals(plan: ControlPlan, stream: str, asked: AskedReport) -> list[dict[str, Any]]:
    found = Signal.objects.filter(
        plan=plan, stream=stream, point__source_time__gte=asked.since, point__source_time__lt=asked.until
    ).select_related(
        "point", "limits", "answered_by__reaction__cause", "answered_by__reaction__action"
    )  # fmt: skip
    told = []
    for signal in found.order_by("point__source_time", "point__number", "chart", "rule", "side"):
        answered = getattr(signal, "answered_by", None)
        reaction = answered.reaction if answered else None
        told.append(
            {
                "point": signal.point.number,
                "at": _utc(signal.point.source_time),
                "panel": signal.chart,
                "rule": signal.rule,
                "side": signal.side,
                "limits_version": signal.limits.version,
                "is_superseded": signal.superseded_at is not None,
                "is_excluded": signal.point.is_excluded,
                "reaction": reaction.pk if reaction else None,
                "cause": _names(reaction.cause) if reaction and reaction.cause else None,
                "action": _names(reaction.action) if reaction and reaction.action else None,
                "note": reaction.note if reaction else "",
                "closed_by": reaction.closed_by if reaction else "",
                "closed_at": _utc(reaction.closed_at) if reaction else None,
            }
        )
    return told


def _stability(n_points: int, signals: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """By the signals that the chart found by the plan's own rules; superseded and assigned ones do not count."""
    counted: dict[tuple[int, str], int] = defaultdict(int)
    for signal in signals:
        if not signal["is_superseded"] and not signal["is_excluded"]:
            counted[signal["rule"], signal["panel"]] += 1
    verdict = OUT_OF_CONTROL if counted else IN_CONTROL if n_points >= LEAST_POINTS else NOT_KNOWN
    return {
        "verdict": verdict,
        "n_points": n_points,
        "signals": [{"rule": rule, "panel": panel, "n": n} for (rule, panel), n in sorted(counted.items())],
    }


def _gauges(plan: ControlPlan, rows: Sequence[Row]) -> list[dict[str, Any]]:
    """What measured the values, each with its newest study for the characteristic."""
    used = sorted({code for row in rows for code in row.gauge.split()})
    last = max((row.at for row in rows), default=datetime.now(UTC))
    gauges = list(Gauge.objects.filter(code__in=used).order_by("code"))
    newest = newest_studies([gauge.pk for gauge in gauges], plan.characteristic_id)
    return [
        {
            "code": gauge.code,
            "name": _names(gauge),
            "channel": gauge.channel,
            "calibrated_at": _utc(gauge.calibrated_at),
            "valid_until": _utc(gauge.valid_until),
            "is_overdue": gauge.valid_until < last,
            "study": _study(newest.get(gauge.pk)),
        }
        for gauge in gauges
    ]


def _study(study: GaugeRrStudy | None) -> dict[str, Any] | None:
    if study is None:
        return None
    return {
        "at": _utc(study.at),
        "grr_percent": study.grr_percent,
        "of": "STUDY" if study.tolerance is None else "TOLERANCE",
        "ndc": study.ndc,
        "verdict": study.verdict,
    }


def _gaps(plan: ControlPlan, asked: AskedReport) -> dict[str, Any]:
    """Of the station's telemetry: values of a chart of results come by posts, which are never lost unseen."""
    found = gaps(station=plan.station.code, since=asked.since, until=asked.until)
    known = found.filter(Q(lost__gt=0) | Q(lost=None)).order_by("since", "pk")
    return {
        "n": known.count(),
        "shown": [
            {
                "cause": gap.cause,
                "since": _utc(gap.since),
                "until": _utc(gap.until),
                "lost": gap.lost,
            }
            for gap in known[:MOST_GAPS]
        ],
    }
