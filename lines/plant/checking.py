"""What no single file can know: references between the files of a plant, and claims made twice. Pure."""

from collections import Counter

from lines.plant.product_files import file_of
from lines.plant.shapes import (
    CharacteristicFile,
    ControlPlanFile,
    DefinitionFile,
    PlantFileError,
    PlantFiles,
    ProductFile,
    StationFile,
    StepFile,
)

# A moving range or a range of neighbours says nothing about the spread of these: the limits would be far off.
NOT_ON_PLAIN_CHARTS = ("SKEWED", "LOGNORMAL", "POISSON", "AUTOCORRELATED")
# Limits of these rest on how the plotted means vary themselves; the others are made for what is counted.
PLAIN_CHARTS = ("I-MR", "XBAR-R", "XBAR-S", "EWMA", "CUSUM")
VARIABLES = (*PLAIN_CHARTS, "I-MR-R", "I-MR-S")


def check_plant(plant: PlantFiles) -> None:
    """Raise PlantFileError for the first reference that leads nowhere."""
    _check_stations(plant)
    _check_characteristics(plant)
    _check_material_codes(plant)
    for product in plant.products:
        _ProductCheck(plant, product).run()
    for plan in plant.control_plans:
        _check_plan(plant, plan)
    plans = {plan.code for plan in plant.control_plans}
    for step in plant.reaction_steps:
        if step.plan:
            _known("reaction_steps.csv", f"step {step.sequence}", step.plan, plans, "control_plans.csv")
    for station in plant.stations:
        _check_feed_points(plant, station)
    _check_gauges(plant)
    _check_people(plant)


def _known(file: str, key: str, code: str, known: set[str], where: str) -> None:
    if code not in known:
        raise PlantFileError(
            file, key, f"names {code!r}, which is unknown.", f"Use a code of {where}, or add it there."
        )


def _check_stations(plant: PlantFiles) -> None:
    file = "stations.toml"
    areas = {area.code for area in plant.areas}
    servers = {server.code for server in plant.opcua_servers}
    kinds = {operation.code: operation.kind for operation in plant.operations}
    for station in plant.stations:
        place = f"stations[{station.code}]"
        _known(file, f"{place}.area", station.area, areas, "site.toml [[areas]]")
        _known(file, f"{place}.opcua_server", station.opcua_server, servers, "site.toml [[opcua_servers]]")
        for code in station.operations:
            _known(file, f"{place}.operations", code, set(kinds), "operations.toml")
            if kinds[code] != station.kind:
                raise PlantFileError(
                    file,
                    f"{place}.operations",
                    f"names {code} of kind {kinds[code]} at a station of kind {station.kind}.",
                    "Give station and operation the same kind.",
                )
    doubled = [n for n, count in Counter(station.sequence for station in plant.stations).items() if count > 1]
    if doubled:
        raise PlantFileError(
            file, "stations", f"use the sequence {doubled[0]} twice.", "Give each station a place of its own."
        )
    served = {code for station in plant.stations for code in station.operations}
    for operation in plant.operations:
        if operation.code not in served:
            raise PlantFileError(
                "operations.toml",
                f"operations[{operation.code}]",
                "is done by no station.",
                "Name it in a station's operations, or remove it.",
            )


def _check_gauges(plant: PlantFiles) -> None:
    characteristics = {characteristic.code for characteristic in plant.characteristics}
    known: set[str] = set()
    for station in plant.stations:
        for gauge in station.gauges:
            known.add(gauge.code)
            for code in gauge.characteristics:
                key = f"stations[{station.code}].gauges[{gauge.code}].characteristics"
                _known("stations.toml", key, code, characteristics, "characteristics.csv")
    for reading in plant.gauge_readings:
        key = f"part {reading.part}, operator {reading.operator}"
        _known("gauge_readings.csv", key, reading.gauge, known, "stations.toml [[stations.gauges]]")
        _known("gauge_readings.csv", key, reading.characteristic, characteristics, "characteristics.csv")


def _check_feed_points(plant: PlantFiles, station: StationFile) -> None:
    materials = {material.code for material in plant.materials}
    for point in station.feed_points:
        for code in point.materials:
            key = f"stations[{station.code}].feed_points[{point.code}].materials"
            _known("stations.toml", key, code, materials, "materials.toml")


def _check_characteristics(plant: PlantFiles) -> None:
    file = "characteristics.csv"
    codes = {characteristic.code for characteristic in plant.characteristics}
    reasons = {reason.code for reason in plant.reason_codes}
    for characteristic in plant.characteristics:
        for code in characteristic.reason_codes:
            _known(file, f"{characteristic.code}.reason_codes", code, reasons, "reason_codes.csv")
        for code in characteristic.formula_inputs:
            _known(file, f"{characteristic.code}.inputs", code, codes, "characteristics.csv or raw_values.csv")


def _check_material_codes(plant: PlantFiles) -> None:
    owners = {material.code: "materials.toml" for material in plant.materials}
    designs: dict[str, str] = {}
    for product in plant.products:
        file = file_of(product.code)
        for definition in product.definitions:
            place = f"definitions[{definition.code}]"
            if definition.code in owners:
                raise PlantFileError(
                    file,
                    place,
                    f"is already defined in {owners[definition.code]}.",
                    "Give one of the two another code.",
                )
            owners[definition.code] = file
            if definition.design_code in designs:
                raise PlantFileError(
                    file,
                    f"{place}.design_code",
                    f"is {definition.design_code!r}, which {designs[definition.design_code]} has.",
                    "Choose three other characters: a serial must tell what it is.",
                )
            designs[definition.design_code] = definition.code


class _ProductCheck:
    """The route of one product against the rest of the plant."""

    def __init__(self, plant: PlantFiles, product: ProductFile) -> None:
        self.product = product
        self.file = file_of(product.code)
        self.operations = {operation.code: operation for operation in plant.operations}
        self.characteristics: dict[str, CharacteristicFile] = {c.code: c for c in plant.characteristics}
        self.definitions: dict[str, DefinitionFile] = {d.code: d for d in product.definitions}
        self.materials = {material.code for material in plant.materials}
        self.measured_so_far: dict[str, set[str]] = {code: set() for code in self.definitions}
        self.made_so_far: set[str] = set()

    def refuse(self, step: StepFile, key: str, what: str, cure: str) -> PlantFileError:
        return PlantFileError(self.file, f"steps[{step.sequence}].{key}", what, cure)

    def run(self) -> None:
        operations: Counter[str] = Counter()
        for step in self.product.steps:
            if step.operation not in self.operations:
                raise self.refuse(
                    step, "operation", f"names {step.operation!r}, which is unknown.", "Use a code of operations.toml."
                )
            operations[step.operation] += 1
            if operations[step.operation] > 1:
                raise self.refuse(
                    step,
                    "operation",
                    f"names {step.operation} a second time.",
                    "Use each operation once in a product: recipe and characteristics hang on it.",
                )
            if step.definition not in self.definitions:
                raise self.refuse(
                    step,
                    "definition",
                    f"names {step.definition!r}, which this product does not make.",
                    f"Use one of {', '.join(self.definitions)}.",
                )
            self._check_rework(step)
            self._check_alternatives(step)
            self._check_wait(step)
            self._check_bill(step)
            self._check_characteristics(step)
            self.made_so_far.add(step.definition)
        for code in self.definitions:
            if code not in self.made_so_far:
                raise PlantFileError(
                    self.file, f"definitions[{code}]", "is made by no step.", "Add its step, or remove it."
                )

    def _check_rework(self, step: StepFile) -> None:
        if step.rework_from is None:
            return
        earlier = [s.sequence for s in self.product.steps if s.definition == step.definition]
        if step.rework_from not in earlier or step.rework_from > step.sequence:
            raise self.refuse(
                step,
                "rework_from",
                f"is {step.rework_from}, which is no step of {step.definition} up to here.",
                "Name the sequence of an earlier step of the same definition.",
            )
        if step.max_passes == 1:
            raise self.refuse(
                step, "max_passes", "is 1, so nothing is ever reworked.", "Raise it, or drop rework_from."
            )

    def _check_alternatives(self, step: StepFile) -> None:
        taken = {s.operation for s in self.product.steps}
        for code in step.alternatives:
            if code not in self.operations:
                raise self.refuse(
                    step, "alternatives", f"names {code!r}, which is unknown.", "Use a code of operations.toml."
                )
            if code in taken:
                raise self.refuse(
                    step,
                    "alternatives",
                    f"names {code}, which is a step of this product.",
                    "Name an operation that no step of the product stands for.",
                )
            if self.operations[code].is_test != self.operations[step.operation].is_test:
                raise self.refuse(
                    step,
                    "alternatives",
                    f"names {code}: of the two, only one is a test.",
                    "Give both operations the same is_test.",
                )

    def _check_wait(self, step: StepFile) -> None:
        earlier = [s.sequence for s in self.product.steps if s.definition == step.definition]
        earlier = [sequence for sequence in earlier if sequence < step.sequence]
        if step.min_wait_s is None and step.max_wait_s is None:
            return
        if not earlier:
            raise self.refuse(
                step,
                "min_wait_s" if step.min_wait_s is not None else "max_wait_s",
                f"waits for a step before it, and {step.definition} has none.",
                "Remove it, or give it to a later step.",
            )
        if step.wait_from is not None and step.wait_from not in earlier:
            raise self.refuse(
                step,
                "wait_from",
                f"is {step.wait_from}, which is no earlier step of {step.definition}.",
                "Name the sequence of an earlier step of the same definition.",
            )

    def _check_bill(self, step: StepFile) -> None:
        if len({item.material for item in step.bill}) != len(step.bill):
            raise self.refuse(step, "bill", "names a material twice.", "Add the quantities up in one entry.")
        for item in step.bill:
            if item.material in self.definitions:
                if item.material not in self.made_so_far or item.material == step.definition:
                    raise self.refuse(
                        step,
                        f"bill[{item.material}]",
                        "is not made before this step.",
                        "Put the step that makes it at a lower sequence.",
                    )
            elif item.material not in self.materials:
                raise self.refuse(
                    step,
                    f"bill[{item.material}]",
                    "is neither bought nor made by this product.",
                    "Add it to materials.toml or to the definitions.",
                )

    def _check_characteristics(self, step: StepFile) -> None:
        before = self.measured_so_far[step.definition]
        for code in step.characteristics:
            if code not in self.characteristics:
                raise self.refuse(
                    step, "characteristics", f"names {code!r}, which is unknown.", "Use a code of characteristics.csv."
                )
            for wanted in self.characteristics[code].formula_inputs:
                if wanted not in step.characteristics:
                    raise self.refuse(
                        step,
                        "characteristics",
                        f"derives {code} without its input {wanted}.",
                        f"Add {wanted}: a formula sees the values of one record.",
                    )
        for code in step.read_back:
            if code not in before:
                raise self.refuse(
                    step,
                    "read_back",
                    f"names {code}, which no earlier step of {step.definition} measures.",
                    "Measure it there first.",
                )
        before.update(step.characteristics)


def _check_plan(plant: PlantFiles, plan: ControlPlanFile) -> None:
    file = "control_plans.csv"
    characteristics = {characteristic.code: characteristic for characteristic in plant.characteristics}
    products = {product.code: product for product in plant.products}
    stations = {station.code: station for station in plant.stations}
    _known(file, f"{plan.code}.characteristic", plan.characteristic, set(characteristics), "characteristics.csv")
    _known(file, f"{plan.code}.product", plan.product, set(products), "products/")
    _known(file, f"{plan.code}.station", plan.station, set(stations), "stations.toml")
    distribution = characteristics[plan.characteristic].distribution
    if distribution in NOT_ON_PLAIN_CHARTS and plan.chart in PLAIN_CHARTS:
        raise PlantFileError(
            file,
            f"{plan.code}.characteristic",
            f"is {plan.characteristic}, which is {distribution}: a plain {plan.chart} chart would alarm falsely.",
            "Choose a characteristic that is roughly normal and independent, or the three-way chart.",
        )
    if plan.source == "TELEMETRY":
        signals = {signal.code.partition("[")[0] for signal in stations[plan.station].signals}
        _known(file, f"{plan.code}.signal_code", plan.signal_code, signals, f"{plan.station} in stations.toml")
    operations = stations[plan.station].operations
    measured = [
        step
        for step in products[plan.product].steps
        if step.operation in operations and plan.characteristic in step.characteristics
    ]
    if not measured:
        raise PlantFileError(
            file,
            f"{plan.code}.station",
            f"is {plan.station}, which does not measure {plan.characteristic} on {plan.product}.",
            "Name the station whose operation measures it.",
        )
    if plan.chart not in VARIABLES:
        return  # its centre is a share, a rate or a distance
    limits = products[plan.product].limits[plan.characteristic]
    for bound, outside in ((limits.lsl, -1), (limits.usl, 1)):
        if bound is not None and (plan.center - bound) * outside > 0:
            raise PlantFileError(
                file,
                f"{plan.code}.center",
                f"is {plan.center:g}, outside the specification limit {bound:g}.",
                "Write the mean of the study that the limits rest on.",
            )


def _check_people(plant: PlantFiles) -> None:
    """One login for each role; operators have none, so there may be any number of them."""
    file = "people.toml"
    operations = {operation.code for operation in plant.operations}
    for person in plant.people:
        for one in person.certifications:
            key = f"people[{person.username}].certifications"
            _known(file, key, one.operation, operations, "operations.toml")
    for role, count in Counter(person.role for person in plant.people).items():
        if count > 1 and role != "OPERATOR":
            raise PlantFileError(
                file, "people", f"has {count} people with the role {role}.", "Keep one demo person for each role."
            )
