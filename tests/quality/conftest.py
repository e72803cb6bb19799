"""A small plant of its own: one station, three charts, and a way to store records that wait for evaluation."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.utils import timezone

from lines.models import (
    Area,
    Measurement,
    OpcUaServer,
    OperationRecord,
    Pending,
    Product,
    ProductionLine,
    Site,
    Station,
    StationPost,
)
from lines.plant.models import Interface, StationKind
from lines.records.models import Consumer, Judgement, Verdict
from quality.plans.models import Characteristic, CharacteristicLimits, ControlLimits, ControlPlan

STARTED = datetime(2026, 3, 1, 0, 0, tzinfo=UTC)


@dataclass
class ChartPlant:
    station: Station
    product: Product
    plans: dict[str, ControlPlan] = field(default_factory=dict)
    stored: int = 0

    def add_plan(
        self,
        code: str,
        chart: str = "I-MR",
        size: int = 1,
        *,
        by: str = "CONSECUTIVE",
        response: str = "ALARM",
        parameters: dict[str, float] | None = None,
        **more: Any,
    ) -> ControlPlan:
        """A chart of a characteristic of its own, code <code>, with centre 10 and sigma 1."""
        characteristic = Characteristic.objects.create(
            code=code, name_en=f"{code} thing", name_ja=f"{code}項目", unit="mg/cm2", distribution="NORMAL"
        )
        CharacteristicLimits.objects.create(
            characteristic=characteristic, product=self.product, version=1, lsl=4, target=10, usl=16,
            valid_from=STARTED, author="test", reason="first",
        )  # fmt: skip
        plan = ControlPlan.objects.create(
            code=f"CHART-{code}", name_en=f"Chart {code}", name_ja=f"管理図{code}", characteristic=characteristic,
            product=self.product, station=self.station, chart=chart, subgroup_by=by, subgroup_size=size,
            response=response, **{"rules": [1, 2], **more},
        )  # fmt: skip
        self.plans[code] = plan
        self.freeze(plan, 1, parameters=parameters)
        return plan

    def freeze(
        self,
        plan: ControlPlan,
        version: int,
        center: float = 10,
        sigma: float = 1,
        *,
        stream: str = "",
        parameters: dict[str, float] | None = None,
    ) -> ControlLimits:
        return ControlLimits.objects.create(
            plan=plan, version=version, center=center, sigma_within=sigma, n_values=100, sigma_method="MR-MEAN",
            valid_from=STARTED + timedelta(seconds=version), author="test", reason=f"study {version}",
            stream=stream, parameters=parameters or {},
        )  # fmt: skip

    def post(
        self,
        rows: Sequence[Mapping[str, Sequence[float]]],
        product: str = "",
        pending: bool = True,
        *,
        seconds: Sequence[float] = (),
        fails: Sequence[bool] = (),
        position: str = "",
        **record_fields: Any,
    ) -> list[int]:
        """One record for each row, a minute apart; a row has values by characteristic. Returns the records' ids.

        `seconds`: when each was made instead, by the machine's clock; `fails`: whose values are outside their limits.
        """
        now = timezone.now()
        posts = StationPost.objects.bulk_create(
            [
                StationPost(station=self.station, key=str(self.stored + n), body_sha256="0" * 64, received_at=now)
                for n in range(len(rows))
            ]
        )
        times = [STARTED + timedelta(minutes=self.stored + n) for n in range(len(rows))]
        times = [STARTED + timedelta(seconds=second) for second in seconds] or times
        judgements = [Judgement.FAIL_HIGH if fail else Judgement.PASS for fail in fails or [False] * len(rows)]
        records = OperationRecord.objects.bulk_create(
            [
                OperationRecord(
                    post=post, station=self.station, operation="OP", serial=f"SERIAL-{self.stored + n:05d}",
                    product=product or self.product.code, attempt=1, source_time=time, received_at=now,
                    machine_outcome=Verdict.PASS, verdict=Verdict.PASS, is_conforming=True, content_sha256="0" * 64,
                    **record_fields,
                )
                for n, (post, time) in enumerate(zip(posts, times, strict=True))
            ]
        )  # fmt: skip
        Measurement.objects.bulk_create(
            [
                Measurement(
                    received_at=now, record=record, sequence=sequence, characteristic=code, value=value, unit="x",
                    source_time=time, judgement=judgement, position=position,
                )
                for record, time, row, judgement in zip(records, times, rows, judgements, strict=True)
                for sequence, (code, value) in enumerate((code, v) for code, values in row.items() for v in values)
            ]
        )  # fmt: skip
        if pending:
            Pending.objects.bulk_create([Pending(consumer=Consumer.SPC, record=record) for record in records])
        self.stored += len(rows)
        return [record.pk for record in records]


@pytest.fixture
def plant(db: None) -> ChartPlant:  # noqa: ARG001 - asks for the database
    return make_plant()


def make_plant() -> ChartPlant:
    site = Site.objects.create(code="S", name_en="Site", name_ja="工場")
    area = Area.objects.create(site=site, code="A", name_en="Area", name_ja="区画", sequence=1)
    line = ProductionLine.objects.create(site=site, code="L", name_en="Line", name_ja="ライン")
    server = OpcUaServer.objects.create(code="SRV", production_line=line, endpoint_url="opc.tcp://127.0.0.1:1")
    station = Station.objects.create(
        code="COAT-9", name_en="Coater", name_ja="塗工機", kind=StationKind.ELECTRODE_COATING, area=area,
        production_line=line, sequence=1, interface=Interface.HTTP, opcua_server=server,
    )  # fmt: skip
    product = Product.objects.create(code="CELL-X", name_en="Cell X", name_ja="セルX", chemistry="LFP")
    return ChartPlant(station, product)
