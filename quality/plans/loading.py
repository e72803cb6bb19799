"""Writing what is measured, within which limits, and how it is watched, as the plant files say."""

import inspect

from lines.models import Operation, Product, Station
from lines.plant.files import CharacteristicFile, ControlPlanFile, PlantFileError, PlantFiles, ProductFile
from lines.plant.master import Changes, Rows
from lines.plant.services import names
from quality.plans.formulas import FORMULAS
from quality.plans.models import (
    Characteristic,
    CharacteristicLimits,
    CharacteristicUse,
    ControlLimits,
    ControlPlan,
)

AUTHOR = "load_plant"
FIRST, LATER = "First version in the plant's files.", "The plant's files changed."


def load_quality(plant: PlantFiles, changes: Changes) -> None:
    """Inside the loader's transaction, after the products."""
    characteristics = _load_characteristics(plant, changes)
    product_ids = {product.code: product.pk for product in Product.objects.all()}
    for product in plant.products:
        _load_uses(product, product_ids[product.code], characteristics, changes)
        _load_limits(product, product_ids[product.code], characteristics, changes)
    _load_control_plans(plant, product_ids, characteristics, changes)


def _load_characteristics(plant: PlantFiles, changes: Changes) -> Rows[Characteristic]:
    characteristics = Rows(Characteristic, changes, "code")
    for characteristic in plant.characteristics:
        _check_formula(characteristic)
        known = characteristics.found.get((characteristic.code,))
        if known and known.unit != characteristic.unit:
            raise PlantFileError(
                "characteristics.csv",
                f"{characteristic.code}.unit",
                f"would change {known.unit} to {characteristic.unit}.",
                "Use a new code: limits and measurements in the old unit stay.",
            )
        characteristics.keep(
            characteristic.code,
            unit=characteristic.unit,
            distribution=characteristic.distribution,
            formula=characteristic.formula,
            formula_inputs=list(characteristic.formula_inputs),
            reason_codes=list(characteristic.reason_codes),
            sampling=characteristic.sampling,
            source=characteristic.source,
            **names(characteristic.name),
        )
    return characteristics


def _check_formula(characteristic: CharacteristicFile) -> None:
    if characteristic.formula and characteristic.formula not in FORMULAS:
        raise PlantFileError(
            "characteristics.csv",
            f"{characteristic.code}.formula",
            f"is {characteristic.formula!r}, which is unknown.",
            f"Use one of {', '.join(FORMULAS)}.",
        )
    if characteristic.formula:
        try:
            inspect.signature(FORMULAS[characteristic.formula]).bind(*characteristic.formula_inputs)
        except TypeError as error:
            raise PlantFileError(
                "characteristics.csv",
                f"{characteristic.code}.inputs",
                f"do not fit {characteristic.formula}: {error}.",
                "Name one characteristic for each argument of the function, in its order.",
            ) from None


def _load_uses(product: ProductFile, product_id: int, characteristics: Rows[Characteristic], changes: Changes) -> None:
    operation_ids = {operation.code: operation.pk for operation in Operation.objects.all()}
    uses = Rows(CharacteristicUse, changes, "product_id", "operation_id", "characteristic_id")
    done = [(operation, step) for step in product.steps for operation in (step.operation, *step.alternatives)]
    for operation, step in done:
        for code in step.characteristics:
            characteristic = characteristics.found[code,]
            uses.keep(
                product_id,
                operation_ids[operation],
                characteristic.pk,
                # No station posts a derived one.
                is_required=code not in step.sampled and not characteristic.formula,
            )


def _load_limits(
    product: ProductFile, product_id: int, characteristics: Rows[Characteristic], changes: Changes
) -> None:
    """A new version where the files changed. A version that a person added stays the newest until then."""
    newest: dict[int, int] = {}
    loaded: dict[int, CharacteristicLimits] = {}
    for row in CharacteristicLimits.objects.filter(product_id=product_id).order_by("version"):
        newest[row.characteristic_id] = row.version
        if row.author == AUTHOR:
            loaded[row.characteristic_id] = row
    for code, limits in product.limits.items():
        characteristic_id = characteristics.found[code,].pk
        known = loaded.get(characteristic_id)
        if known is None and limits.lsl is None and limits.usl is None:
            continue
        if known and (known.lsl, known.target, known.usl) == (limits.lsl, limits.target, limits.usl):
            continue
        CharacteristicLimits.objects.create(
            characteristic_id=characteristic_id,
            product_id=product_id,
            version=newest.get(characteristic_id, 0) + 1,
            lsl=limits.lsl,
            target=limits.target,
            usl=limits.usl,
            valid_from=changes.at,
            author=AUTHOR,
            reason=LATER if known else FIRST,
        )
        changes.made += 1


def _load_control_plans(
    plant: PlantFiles, product_ids: dict[str, int], characteristics: Rows[Characteristic], changes: Changes
) -> None:
    plans = Rows(ControlPlan, changes, "code")
    station_ids = {station.code: station.pk for station in Station.objects.all()}
    for plan in plant.control_plans:
        identity = {
            "characteristic_id": characteristics.found[plan.characteristic,].pk,
            "product_id": product_ids[plan.product],
            "station_id": station_ids[plan.station],
            "chart": plan.chart,
            "subgroup_by": plan.subgroup_by,
            "subgroup_size": plan.subgroup_size,
            "source": plan.source,
            "signal_code": plan.signal_code,
            "summary": plan.summary,
            "stream_by": plan.stream_by,
            "period_s": plan.period_s,
            "every_nth": plan.every_nth,
        }
        known = plans.found.get((plan.code,))
        for key, value in identity.items():
            if known and getattr(known, key) != value:
                raise PlantFileError(
                    "control_plans.csv",
                    f"{plan.code}.{key.removesuffix('_id')}",
                    "would change what the chart shows.",
                    "Use a new code: the points drawn so far belong to the old plan.",
                )
        row = plans.keep(
            plan.code,
            **identity,
            rules=list(plan.rules),
            run_lengths=plan.run_lengths,
            sigma_method=plan.sigma_method,
            options=plan.options,
            response=plan.response,
            margin_units=plan.margin_units,
            verify_points=plan.verify_points,
            reaction_due_min=plan.reaction_due_min,
            reaction_en=plan.reaction.en,
            reaction_ja=plan.reaction.ja,
            **names(plan.name),
        )
        _load_control_limits(plan, row, changes)


def _load_control_limits(plan: ControlPlanFile, row: ControlPlan, changes: Changes) -> None:
    """As for specification limits: only a change of the files makes a new version."""
    versions = list(row.limits.order_by("version"))
    loaded = [limits for limits in versions if limits.author == AUTHOR]
    wanted = (plan.center, plan.sigma_within, plan.n_values, plan.sigma_method, plan.parameters)
    if loaded:
        last = loaded[-1]
        if (last.center, last.sigma_within, last.n_values, last.sigma_method, last.parameters) == wanted:
            return
    ControlLimits.objects.create(
        plan=row,
        version=versions[-1].version + 1 if versions else 1,
        center=plan.center,
        sigma_within=plan.sigma_within,
        n_values=plan.n_values,
        sigma_method=plan.sigma_method,
        parameters=plan.parameters,
        valid_from=changes.at,
        author=AUTHOR,
        reason=LATER if loaded else FIRST,
    )
    changes.made += 1
