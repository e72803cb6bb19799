"""Writing what is made and how: operations, materials, products, routes with bills, recipes."""

from typing import Any

from lines.orders.models import (
    BillItem,
    MaterialDefinition,
    Operation,
    Product,
    Recipe,
    Route,
    RouteStep,
    Tracking,
    WorkOrder,
)
from lines.plant.files import PlantFileError, PlantFiles, ProductFile, StepFile
from lines.plant.master import Changes, Rows
from lines.plant.models import Station
from lines.plant.product_files import file_of
from lines.plant.services import names


def load_products(plant: PlantFiles, changes: Changes) -> None:
    """Inside the loader's transaction, after load_equipment."""
    operations = Rows(Operation, changes, "code")
    for operation in plant.operations:
        operations.keep(
            operation.code,
            kind=operation.kind,
            is_test=operation.is_test,
            needs_certification=operation.needs_certification,
            **names(operation.name),
        )
    _assign_stations(plant, operations, changes)
    definitions = Rows(MaterialDefinition, changes, "code")
    for material in plant.materials:
        known = definitions.found.get((material.code,))
        if known and known.tracking != Tracking.LOT:
            raise _fixed("materials.toml", f"materials[{material.code}]", "a product's definition")
        definitions.keep(
            material.code,
            tracking=Tracking.LOT,
            uom=material.uom,
            product_id=None,
            design_code="",
            release_on_receipt=material.release_on_receipt,
            **names(material.name),
        )
    products = Rows(Product, changes, "code")
    for product in plant.products:
        row = products.keep(
            product.code, chemistry=product.chemistry, tray_slots=product.tray_slots, **names(product.name)
        )
        _load_definitions(product, row.pk, definitions)
        _load_route(product, row.pk, operations, definitions, changes)
        _load_recipes(product, row.pk, operations, changes)
        _load_work_orders(product, row.pk, changes)


def _assign_stations(plant: PlantFiles, operations: Rows[Operation], changes: Changes) -> None:
    """What a station may do is the file's word alone: one it no longer names, the station no longer does."""
    station_ids = {station.code: station.pk for station in Station.objects.all()}
    for operation in plant.operations:
        wanted = {station_ids[s.code] for s in plant.stations if operation.code in s.operations}
        row = operations.found[operation.code,]
        assigned = set(row.stations.values_list("pk", flat=True))
        if assigned != wanted:
            row.stations.set(wanted)
            changes.changed += bool(assigned)


def _fixed(file: str, key: str, now: str) -> PlantFileError:
    return PlantFileError(
        file,
        key,
        f"would change what the database knows as {now}.",
        "Use a new code: units and lots rest on the old one.",
    )


def _load_definitions(product: ProductFile, product_id: int, definitions: Rows[MaterialDefinition]) -> None:
    for definition in product.definitions:
        known = definitions.found.get((definition.code,))
        place = f"definitions[{definition.code}]"
        for key, wanted, now in (
            ("tracking", definition.tracking, known and known.tracking),
            ("design_code", definition.design_code, known and known.design_code),
            ("product", product_id, known and known.product_id),
        ):
            if known and wanted != now:
                raise _fixed(file_of(product.code), f"{place}.{key}", repr(now))
        holder = next(
            (d for d in definitions.found.values() if d.design_code == definition.design_code and d is not known), None
        )
        if holder:
            raise _fixed(file_of(product.code), f"{place}.design_code", f"the design code of {holder.code}")
        definitions.keep(
            definition.code,
            tracking=definition.tracking,
            uom=definition.uom,
            product_id=product_id,
            design_code=definition.design_code,
            **names(definition.name),
        )


def _load_route(
    product: ProductFile,
    product_id: int,
    operations: Rows[Operation],
    definitions: Rows[MaterialDefinition],
    changes: Changes,
) -> None:
    """A new version where the newest differs: units keep the version they started with."""
    newest = Route.objects.filter(product_id=product_id).order_by("-version").first()
    if newest and _route_as_stored(newest) == [_step_as_filed(step) for step in product.steps]:
        return
    route = Route.objects.create(
        product_id=product_id, version=newest.version + 1 if newest else 1, valid_from=changes.at
    )
    steps: dict[int, RouteStep] = {}
    for step in product.steps:
        row = steps[step.sequence] = RouteStep(
            route=route,
            definition=definitions.found[step.definition,],
            sequence=step.sequence,
            operation=operations.found[step.operation,],
            duration_s=step.duration_s,
            by_tray=step.by_tray,
            max_passes=step.max_passes,
            on_fail=step.on_fail,
            is_gate=step.is_gate,
            sample_every=step.sample_every,
            repeat_in_rework=step.repeat_in_rework,
            grades=list(step.grades),
            min_wait_s=step.min_wait_s,
            max_wait_s=step.max_wait_s,
        )
        if step.rework_from is not None and step.rework_from != step.sequence:
            row.rework_from = steps[step.rework_from]
        if step.wait_from is not None:
            row.wait_from = steps[step.wait_from]
        row.save(force_insert=True)
        row.alternatives.set(operations.found[code,] for code in step.alternatives)
        BillItem.objects.bulk_create(
            BillItem(
                step=row,
                material=definitions.found[item.material,],
                quantity=item.quantity,
                tolerance_pct=item.tolerance_pct,
                positions=item.positions,
            )
            for item in step.bill
        )
    changes.made += 1


def _step_as_filed(step: StepFile) -> tuple[Any, ...]:
    """One step as values that compare equal to _route_as_stored's."""
    return (
        step.sequence,
        step.definition,
        step.operation,
        step.duration_s,
        step.by_tray,
        step.max_passes,
        None if step.rework_from == step.sequence else step.rework_from,
        step.on_fail,
        step.is_gate,
        sorted(step.alternatives),
        step.sample_every,
        step.repeat_in_rework,
        list(step.grades),
        step.wait_from,
        step.min_wait_s,
        step.max_wait_s,
        sorted((item.material, item.quantity, item.tolerance_pct, item.positions) for item in step.bill),
    )


def _route_as_stored(route: Route) -> list[tuple[Any, ...]]:
    steps = route.steps.select_related("definition", "operation", "rework_from", "wait_from").prefetch_related(
        "bill__material", "alternatives"
    )
    return [
        (
            step.sequence,
            step.definition.code,
            step.operation.code,
            step.duration_s,
            step.by_tray,
            step.max_passes,
            step.rework_from.sequence if step.rework_from else None,
            step.on_fail,
            step.is_gate,
            sorted(operation.code for operation in step.alternatives.all()),
            step.sample_every,
            step.repeat_in_rework,
            step.grades,
            step.wait_from.sequence if step.wait_from else None,
            step.min_wait_s,
            step.max_wait_s,
            sorted((item.material.code, item.quantity, item.tolerance_pct, item.positions) for item in step.bill.all()),
        )
        for step in steps.order_by("sequence")
    ]


def _load_recipes(product: ProductFile, product_id: int, operations: Rows[Operation], changes: Changes) -> None:
    newest: dict[int, Recipe] = {
        recipe.operation_id: recipe for recipe in Recipe.objects.filter(product_id=product_id).order_by("version")
    }
    for step in product.steps:
        operation_id = operations.found[step.operation,].pk
        known = newest.get(operation_id)
        if (known is None and not step.recipe) or (known and known.parameters == step.recipe):
            continue
        Recipe.objects.create(
            product_id=product_id,
            operation_id=operation_id,
            version=known.version + 1 if known else 1,
            parameters=step.recipe,
        )
        changes.made += 1


def _load_work_orders(product: ProductFile, product_id: int, changes: Changes) -> None:
    """An order freezes the newest route and recipes when it is made, and never changes: a new number is a new one."""
    known = {
        order.number: order for order in WorkOrder.objects.filter(number__in=[o.number for o in product.work_orders])
    }
    for filed in product.work_orders:
        order = known.get(filed.number)
        if order is None:
            order = WorkOrder.objects.create(
                number=filed.number,
                product_id=product_id,
                route=Route.objects.filter(product_id=product_id).latest("version"),
                quantity=filed.quantity,
                released_at=changes.at,
            )
            order.recipes.set(
                Recipe.objects.filter(product_id=product_id)
                .order_by("operation_id", "-version")
                .distinct("operation_id")
            )
            changes.made += 1
        elif (order.product_id, order.quantity) != (product_id, filed.quantity):
            raise PlantFileError(
                file_of(product.code),
                f"work_orders[{filed.number}]",
                f"differs from the order of that number, which is for {order.quantity} of {order.product}.",
                "Use a new number: units began under the old order.",
            )
