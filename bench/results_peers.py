"""Two peers on the same server, which bench.results measures beside the product.

The plain DRF views validate by serializers and write by the ORM the rows that the product writes for a conforming
post, with the product's authentication and throttle, and check nothing. The floor is a bare Django view that writes
one record with its measurements.
"""

import json
from typing import Any

from django.contrib.auth.decorators import login_not_required
from django.db import transaction
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.models import Event, Measurement, OperationRecord, Pending, Station, StationPost
from lines.people.auth import IsThisStation
from traceability.models import GenealogyLink, Lot, Permit, Unit


class MeasurementIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=24)
    value = serializers.FloatField()
    unit = serializers.CharField(max_length=16)
    position = serializers.CharField(max_length=32, required=False, allow_blank=True)


class LotIn(serializers.Serializer[Any]):
    material = serializers.CharField(max_length=32)
    supplier = serializers.CharField(max_length=64)
    lot = serializers.CharField(max_length=64)
    quantity = serializers.FloatField(min_value=0)
    unit = serializers.CharField(max_length=8)


class ResultIn(serializers.Serializer[Any]):
    serial = serializers.CharField(max_length=64)
    operation = serializers.CharField(max_length=24)
    outcome = serializers.ChoiceField(choices=["PASS", "FAIL"])
    started_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField()
    measurements = MeasurementIn(many=True)
    consumed = LotIn(many=True)


class MeasurementOut(serializers.ModelSerializer[Measurement]):
    class Meta:
        model = Measurement
        fields = ["characteristic", "value", "unit", "position", "source_time", "judgement", "is_derived"]


class RecordOut(serializers.ModelSerializer[OperationRecord]):
    class Meta:
        model = OperationRecord
        fields = ["id", "serial", "operation", "attempt", "verdict", "machine_outcome", "is_conforming"]


class PlainResults(APIView):
    permission_classes = [IsThisStation]

    @transaction.atomic
    def post(self, request: Request, station: str) -> Response:  # noqa: ARG002 - the token names the station
        given = ResultIn(data=request.data)
        given.is_valid(raise_exception=True)
        data, now = given.validated_data, timezone.now()
        user: Any = request.user
        unit = Unit.objects.select_for_update().get(serial=data["serial"])
        post = StationPost.objects.create(
            station=user.station, key=request.headers["Idempotency-Key"], body_sha256="0" * 64, received_at=now
        )
        record = OperationRecord.objects.create(
            **{name: data[name] for name in ("serial", "operation", "started_at")},
            **{"post": post, "station": user.station, "product": "LFP-314", "attempt": 1, "received_at": now},
            **{"source_time": data["finished_at"], "machine_outcome": data["outcome"], "verdict": "PASS"},
            **{"is_conforming": True, "content_sha256": "0" * 64},
        )
        measurements = Measurement.objects.bulk_create(
            Measurement(
                **{"received_at": now, "record": record, "sequence": sequence, "characteristic": m["code"]},
                **{"value": m["value"], "unit": m["unit"], "position": m.get("position", ""), "judgement": 1},
                source_time=data["finished_at"],
            )
            for sequence, m in enumerate(data["measurements"])
        )
        for consumed in data["consumed"]:
            lot = Lot.objects.get(supplier=consumed["supplier"], number=consumed["lot"])
            GenealogyLink.objects.create(
                output=unit, input_lot=lot, record=record, quantity=consumed["quantity"], uom=consumed["unit"]
            )
        unit.updated_at = now
        unit.save(update_fields=["updated_at", "state", "next_step"])
        Permit.objects.filter(serial=unit.serial, verdict="ALLOW", closed_at=None).update(used_by=record, closed_at=now)
        Pending.objects.create(consumer="SPC", record=record)
        payload = {"record": record.pk, "serial": unit.serial, "operation": data["operation"]}
        Event.objects.create(kind="RECORD", station=user.station.code, payload=payload)
        answer = {**RecordOut(record).data, "measurements": MeasurementOut(measurements, many=True).data}
        post.status_code, post.answer = 201, json.dumps(answer)
        post.save(update_fields=["status_code", "answer"])
        return Response(answer, status=201)


class PermitIn(serializers.Serializer[Any]):
    serial = serializers.CharField(max_length=64)
    operation = serializers.CharField(max_length=24)


class PermitOut(serializers.ModelSerializer[Permit]):
    class Meta:
        model = Permit
        fields = ["id", "serial", "operation", "verdict", "reasons", "expires_at"]


class PlainPermits(APIView):
    permission_classes = [IsThisStation]

    @transaction.atomic
    def post(self, request: Request, station: str) -> Response:  # noqa: ARG002 - the token names the station
        given = PermitIn(data=request.data)
        given.is_valid(raise_exception=True)
        now = timezone.now()
        user: Any = request.user
        unit = Unit.objects.get(serial=given.validated_data["serial"])
        permit = Permit.objects.create(
            **{"station": user.station, "operation": given.validated_data["operation"], "serial": unit.serial},
            **{"verdict": "ALLOW", "facts": {"state": unit.state}, "decided_at": now, "expires_at": now},
            closed_at=now,
        )
        Event.objects.create(kind="PERMIT", station=user.station.code, payload={"permit": permit.pk})
        return Response(PermitOut(permit).data)


@csrf_exempt
@login_not_required
@transaction.atomic
def floor(request: HttpRequest, station: str) -> JsonResponse:
    data, now = json.loads(request.body), timezone.now()
    row = Station.objects.get(code=station)
    post = StationPost.objects.create(
        station=row, key=request.headers["Idempotency-Key"], body_sha256="0" * 64, received_at=now
    )
    record = OperationRecord.objects.create(
        **{"post": post, "station": row, "serial": data["serial"], "operation": data["operation"], "attempt": 1},
        **{"received_at": now, "source_time": now, "machine_outcome": "PASS", "verdict": "PASS"},
        **{"is_conforming": True, "content_sha256": "0" * 64},
    )
    Measurement.objects.bulk_create(
        Measurement(
            **{"received_at": now, "record": record, "sequence": sequence, "characteristic": m["code"]},
            **{"value": m["value"], "unit": m["unit"], "judgement": 1, "source_time": now},
        )
        for sequence, m in enumerate(data["measurements"])
    )
    return JsonResponse({"record": record.pk}, status=201)


urlpatterns = [
    path("peer/stations/<str:station>/results", PlainResults.as_view()),
    path("peer/stations/<str:station>/permits", PlainPermits.as_view()),
    path("floor/stations/<str:station>/results", floor),
    path("", include("mes.urls")),
]
