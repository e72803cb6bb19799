"""The newest limits that are valid judge; the record keeps the version it was judged by."""

from datetime import timedelta

import pytest
from django.utils import timezone

from lines.models import Product
from quality.models import Characteristic, CharacteristicLimits
from quality.plans.queries import judging_plan, limits_by_version


@pytest.mark.django_db
def test_the_newest_valid_version_judges() -> None:
    now = timezone.now()
    product = Product.objects.create(code="P", name_en="P", name_ja="P", chemistry="LFP")
    characteristic = Characteristic.objects.create(
        code="C-1", name_en="C", name_ja="C", unit="mm", distribution="NORMAL"
    )
    versions = [
        CharacteristicLimits.objects.create(
            characteristic=characteristic,
            product=product,
            version=version,
            usl=float(version),
            valid_from=valid_from,
            author="test",
            reason="",
        )
        for version, valid_from in [
            (1, now - timedelta(days=2)),
            (2, now - timedelta(days=1)),
            (3, now + timedelta(days=1)),
        ]
    ]
    # Entered last, but valid from long ago: the newer date counts, as for control limits.
    CharacteristicLimits.objects.create(
        characteristic=characteristic,
        product=product,
        version=4,
        valid_from=now - timedelta(days=9),
        author="test",
        reason="",
    )
    plan = judging_plan("P", "NONE", ["C-1", "C-9"], now)
    assert plan.units == {"C-1": "mm"}
    assert plan.limits["C-1"].version_id == versions[1].pk
    assert judging_plan("", "NONE", ["C-1"], now).limits == {}
    assert limits_by_version([versions[0].pk])[versions[0].pk].usl == 1.0
