"""Gauges over the API: their state, calibrations from a laboratory's software, and what one misjudged."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.exceptions import PermissionDenied
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.errors import BAD_TEXT, OUT_OF_RANGE, Refusal
from lines.people.models import Person
from lines.shapes import ErrorShape
from lines.stations.body import Fields, known_only, read_number, read_text, refuse
from lines.stations.sent import sent_fields
from quality.gauges import queries, schemas
from quality.gauges.asked import asked_calibration
from quality.gauges.errors import CALIBRATION_FIELD, GAUGE_UNKNOWN
from quality.gauges.models import Calibration, Gauge, GaugeRrStudy
from quality.gauges.services import record_calibration
from quality.gauges.standing import STATES

_READ = dict.fromkeys((400, 401, 422), ErrorShape)
_WRITTEN = dict.fromkeys((400, 401, 403, 404, 409, 413, 415, 422), ErrorShape)
_GAUGE = OpenApiParameter("gauge", str, OpenApiParameter.PATH)
_TEXTS = {"kind": 12, "at": 40, "next_due": 40, "unit": 16, "performed_by": 120, "certificate": 120, "note": 500}
_NUMBERS = ("as_found", "as_left", "allowed")
_VERDICTS = ("as_found_passed", "as_left_passed")
MOST_UNITS = 1000


class GaugesView(APIView):
    @extend_schema(
        operation_id="list_gauges",
        summary="Gauges with their state, what needs somebody first",
        parameters=[
            OpenApiParameter("station", str),
            OpenApiParameter("state", str, enum=STATES, description="All unless told."),
        ],
        responses={200: schemas.GaugeList, **_READ},
    )
    def get(self, request: Request) -> Response:
        station, state = _asked(request, "station"), _asked(request, "state")
        if state and state not in STATES:
            raise Refusal(OUT_OF_RANGE, f"state: {', '.join(STATES)}")
        rows, _ = queries.gauges(station=station, wanted=state)
        return Response({"items": [_gauge(row.gauge, row.state) for row in rows]})


class GaugeView(APIView):
    @extend_schema(
        operation_id="show_gauge", summary="One gauge with its calibrations and studies", parameters=[_GAUGE],
        responses={200: schemas.GaugeDetail, **_READ, 404: ErrorShape},
    )  # fmt: skip
    def get(self, request: Request, gauge: str) -> Response:  # noqa: ARG002 - DRF's signature
        return Response(_detail(gauge))


class CalibrationsView(APIView):
    @extend_schema(
        operation_id="record_calibration",
        summary="A calibration or check of a gauge",
        description=(
            "By a quality engineer or an administrator. A gauge that is left out of order gets its station (its "
            "channel) no permits until a calibration passes; one found out of order lists what it judged since it was "
            "last known to be good."
        ),
        parameters=[_GAUGE],
        request=schemas.CalibrationRequest,
        responses={201: schemas.CalibrationShape, **_WRITTEN},
    )
    def post(self, request: Request, gauge: str) -> Response:
        if not isinstance(request.user, Person):
            raise PermissionDenied
        words = _words(sent_fields(request))
        return Response(
            _calibration(record_calibration(gauge, asked_calibration(words, timezone.now()), request.user)), 201
        )  # fmt: skip


class SuspectsView(APIView):
    @extend_schema(
        operation_id="list_misjudged_units",
        summary="Units that a gauge judged from its last good check until it was in order again",
        parameters=[
            OpenApiParameter("calibration_id", int, OpenApiParameter.PATH),
            OpenApiParameter("limit", int, description=f"1 to {MOST_UNITS}; 100 unless told."),
            OpenApiParameter("after", str, description="`next` of the page before."),
        ],
        responses={200: schemas.SuspectsShape, **_READ, 404: ErrorShape},
    )
    def get(self, request: Request, calibration_id: int) -> Response:
        text = _asked(request, "limit") or "100"
        if not (text.isascii() and text.isdigit() and len(text) < 6 and 1 <= int(text) <= MOST_UNITS):
            raise Refusal(OUT_OF_RANGE, f"limit: 1 to {MOST_UNITS}")
        found = queries.suspects(_key(calibration_id), after=_asked(request, "after"), limit=int(text))
        return Response(
            {
                "gauge": found.calibration.gauge.code,
                "calibration": found.calibration.pk,
                "since": _utc(found.window.since),
                "until": _utc(found.window.until),
                "characteristics": found.characteristics,
                "n_units": found.n_units,
                "n_values": found.n_values,
                "items": [
                    {
                        "serial": unit.serial, "product": unit.product or None, "n_values": unit.n_values,
                        "n_failed": unit.n_failed, "first": _utc(unit.first), "last": _utc(unit.last),
                    }
                    for unit in found.units
                ],
                "next": found.next or None,
            }
        )  # fmt: skip


def _key(number: int) -> int:
    """An id in an address may be larger than any row's."""
    return number if number < 2**63 else 0


def _asked(request: Request, name: str) -> str:
    text = request.query_params.get(name, "")
    if len(text) > 64 or not text.isprintable():
        raise Refusal(BAD_TEXT, name)
    return str(text)


def _words(body: Fields) -> dict[str, str]:
    """As the form sends them."""
    known_only(body, frozenset({*_TEXTS, *_NUMBERS, *_VERDICTS}), "$")
    words = {name: read_text(body, name, "$", longest=longest) for name, longest in _TEXTS.items()}
    for name in _NUMBERS:
        value = read_number(body, name, "$")
        words[name] = "" if value is None else repr(value)
    for name in _VERDICTS:
        value = body.get(name)
        if value is not None and not isinstance(value, bool):
            refuse(CALIBRATION_FIELD, f"$.{name}", "true or false")
        words[name] = "" if value is None else "pass" if value else "fail"
    return words


def _gauge(gauge: Gauge, state: str) -> dict[str, Any]:
    return {
        "gauge": gauge.code,
        "name": {"en": gauge.name_en, "ja": gauge.name_ja},
        "station": gauge.station.code,
        "channel": gauge.channel or None,
        "state": state,
        "interval_days": gauge.interval_days,
        "calibrated_at": _utc(gauge.calibrated_at),
        "valid_until": _utc(gauge.valid_until),
    }


def _detail(code: str) -> dict[str, Any]:
    gauge = queries.gauge_by_code(code)
    if gauge is None:
        raise Refusal(GAUGE_UNKNOWN, code[:48] if code.isprintable() else "")
    return {
        **_gauge(gauge, queries.state_of(gauge, timezone.now())),
        "characteristics": sorted(gauge.characteristics.values_list("code", flat=True)),
        "calibrations": [_calibration(each) for each in gauge.calibrations.all()],
        "studies": [_study(each) for each in queries.studies_of(gauge)],
    }


def _calibration(row: Calibration) -> dict[str, Any]:
    return {
        "calibration": row.pk,
        "kind": row.kind,
        "at": _utc(row.at),
        "as_found": row.as_found,
        "as_left": row.as_left,
        "allowed": row.allowed,
        "unit": row.unit or None,
        "as_found_passed": row.as_found_passed,
        "as_left_passed": row.as_left_passed,
        "performed_by": row.performed_by or None,
        "certificate": row.certificate or None,
        "next_due": _utc(row.next_due),
    }


def _study(row: GaugeRrStudy) -> dict[str, Any]:
    return {
        "study": row.pk,
        "characteristic": row.characteristic.code,
        "at": _utc(row.at),
        "parts": row.n_parts,
        "operators": row.n_operators,
        "repeats": row.n_repeats,
        "grr_percent": row.grr_percent,
        "of": "STUDY" if row.tolerance is None else "TOLERANCE",
        "ndc": row.ndc,
        "verdict": row.verdict,
    }


def _utc(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
