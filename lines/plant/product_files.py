"""products/*.toml as records: definitions, route, bills, recipes and limits of each product. Pure."""

from pathlib import Path

from lines.plant.entries import Entry, read_toml, refuse_doubles
from lines.plant.shapes import (
    BillItemFile,
    CharacteristicFile,
    DefinitionFile,
    LimitsFile,
    PlantFileError,
    ProductFile,
    StepFile,
    WorkOrderFile,
)
from lines.plant.site_files import serial_characters
from lines.plant.tables import check_limits, check_sigma

TRACKINGS = ("SLURRY_BATCH", "ROLL", "JELLY_ROLL", "STACK", "CELL", "MODULE", "PACK", "CONTAINER")
ON_FAIL = ("SCRAP", "HOLD")
MOST_SECONDS = 30 * 86_400
LONGEST_GRADE = 8


def file_of(product_code: str) -> str:
    """A product's file bears its code."""
    return f"products/{product_code.lower()}.toml"


def read_products(folder: Path, characteristics: dict[str, CharacteristicFile]) -> tuple[ProductFile, ...]:
    names = sorted(f"products/{path.name}" for path in (folder / "products").glob("*.toml"))
    if not names:
        raise PlantFileError("products/", "-", "holds no product.", "Add a file products/<product>.toml.")
    products = [_product(folder, name, characteristics) for name in names]
    refuse_doubles("products/", "product", [product.code for product in products])
    refuse_doubles("products/", "work_orders", [order.number for p in products for order in p.work_orders])
    return tuple(products)


def _product(folder: Path, file: str, characteristics: dict[str, CharacteristicFile]) -> ProductFile:
    root = read_toml(folder, file)
    head = root.entry("product")
    definitions = []
    for entry in root.entries("definitions"):
        definitions.append(
            DefinitionFile(
                code=entry.code("code", 32),
                name=entry.name(),
                tracking=entry.choice("tracking", TRACKINGS),
                uom=entry.text("uom", longest=8),
                design_code=serial_characters(entry, "design_code", 3),
            )
        )
        entry.done()
    steps = [_step(entry) for entry in root.entries("steps", "sequence")]
    product = ProductFile(
        code=head.code("code", 32),
        name=head.name(),
        chemistry=head.text("chemistry", longest=32),
        tray_slots=head.integer("tray_slots", least=1, most=512),
        definitions=tuple(definitions),
        steps=tuple(sorted(steps, key=lambda step: step.sequence)),
        work_orders=_work_orders(root),
        limits=_limits(root, {code for step in steps for code in step.characteristics}, characteristics),
    )
    if file != file_of(product.code):
        raise head.refuse("code", f"is {product.code!r}.", f"Name the file {file_of(product.code)}.")
    head.done()
    root.done()
    refuse_doubles(file, "definitions", [definition.code for definition in definitions])
    refuse_doubles(file, "steps", [str(step.sequence) for step in steps])
    return product


def _step(entry: Entry) -> StepFile:
    bill = []
    for item in entry.entries("bill", "material", may_miss=True):
        quantity, tolerance = item.number("quantity"), item.number("tolerance_pct")
        if quantity <= 0:
            raise item.refuse("quantity", f"is {quantity:g}.", "Write a quantity above 0.")
        if not 0 <= tolerance <= 100:
            raise item.refuse("tolerance_pct", f"is {tolerance:g}.", "Use 0 to 100 percent.")
        positions = item.integer("positions", 0)
        if positions and positions != quantity:
            raise item.refuse(
                "positions", f"is {positions} for a quantity of {quantity:g}.", "Give one position to each piece."
            )
        bill.append(BillItemFile(item.text("material"), quantity, tolerance, positions))
        item.done()
    step = StepFile(
        sequence=entry.integer("sequence", least=1),
        definition=entry.text("definition"),
        operation=entry.text("operation"),
        duration_s=entry.integer("duration_s", least=1, most=MOST_SECONDS),
        by_tray=entry.flag("by_tray"),
        max_passes=entry.integer("max_passes", 1, least=1, most=10),
        rework_from=entry.integer("rework_from") if entry.has("rework_from") else None,
        on_fail=entry.choice("on_fail", ON_FAIL),
        is_gate=entry.flag("is_gate"),
        bill=tuple(bill),
        characteristics=entry.texts("characteristics", ()),
        sampled=entry.texts("sampled", ()),
        read_back=entry.texts("read_back", ()),
        recipe=entry.numbers("recipe"),
        alternatives=entry.texts("alternatives", ()),
        sample_every=entry.integer("sample_every", 1, least=1),
        repeat_in_rework=entry.flag("repeat_in_rework", default=True),
        grades=_grades(entry),
        wait_from=entry.integer("wait_from") if entry.has("wait_from") else None,
        min_wait_s=_optional_seconds(entry, "min_wait_s"),
        max_wait_s=_optional_seconds(entry, "max_wait_s"),
    )
    entry.done()
    _check_waits(entry, step)
    for key, codes in (("sampled", step.sampled), ("read_back", step.read_back)):
        for code in codes:
            if code not in step.characteristics:
                raise entry.refuse(key, f"names {code}.", "Name it among the step's characteristics, too.")
    return step


def _optional_seconds(entry: Entry, key: str) -> int | None:
    return entry.integer(key, most=365 * 86_400) if entry.has(key) else None


def _grades(entry: Entry) -> tuple[str, ...]:
    grades = entry.texts("grades", ())
    for grade in grades:
        if len(grade) > LONGEST_GRADE:
            raise entry.refuse("grades", f"names {grade!r}.", f"Shorten it to {LONGEST_GRADE} characters.")
    return grades


def _check_waits(entry: Entry, step: StepFile) -> None:
    if step.min_wait_s is not None and step.max_wait_s is not None and step.min_wait_s > step.max_wait_s:
        raise entry.refuse(
            "min_wait_s",
            f"is {step.min_wait_s}, above max_wait_s {step.max_wait_s}.",
            "Exchange them or leave one out.",
        )
    if step.wait_from is not None and step.min_wait_s is None and step.max_wait_s is None:
        raise entry.refuse("wait_from", "has no time beside it.", "Give min_wait_s or max_wait_s, or drop it.")


def _work_orders(root: Entry) -> tuple[WorkOrderFile, ...]:
    orders = []
    for entry in root.entries("work_orders", "number", may_miss=True):
        orders.append(WorkOrderFile(entry.code("number", 32), entry.integer("quantity", least=1, most=2_000_000_000)))
        entry.done()
    return tuple(orders)


def _limits(root: Entry, used: set[str], characteristics: dict[str, CharacteristicFile]) -> dict[str, LimitsFile]:
    """Limits of the characteristics in use: the product's own where it has some, else the characteristic's."""
    own = {}
    if root.has("limits"):
        table = root.entry("limits")
        for code in table:
            entry = table.entry(code)
            if code not in used:
                raise entry.refuse("", "belongs to no step of this product.", "Add it to a step, or remove it.")
            lsl, target, usl, sigma = (entry.optional_number(key) for key in ("lsl", "target", "usl", "sigma"))
            check_limits(entry, lsl, target, usl)
            check_sigma(entry, "sigma", sigma)
            entry.done()
            own[code] = LimitsFile(code, lsl, target, usl, sigma)
    general = {
        code: LimitsFile(code, c.lsl, c.target, c.usl, c.sigma) for code, c in characteristics.items() if code in used
    }
    return dict(sorted({**general, **own}.items()))
