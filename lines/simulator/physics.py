"""What ties characteristics to each other and to the web, the tray, the channel and time. Pure.

One function per characteristic that is more than a draw from its distribution. Formulas: see each function; the
relations are those an auditor would check (capacity from loading, thickness from density, electrolyte balance,
K value from two voltages, a pack's resistance from its cells).
"""

from collections.abc import Callable
from itertools import islice

from lines.plant.files import LimitsFile
from lines.simulator.chance import autoregressive, dice, gamma
from lines.simulator.visits import Visit
from lines.simulator.web import SIDES, Loading, scanned

Reading = tuple[str, float]
Special = Callable[[Visit, LimitsFile], list[Reading] | None]

HOT_RESISTANCE = 0.05  # share; room layers cost 3-7 % resistance
HOT_CE_PCT = -0.4  # points of first coulombic efficiency
HOT_K = 1.0  # kelvin in the tray
GAS_LOSS_G = 6.0
POT_LIFE_PER_H = 0.008  # share of viscosity gained per hour
KNIFE_LIFE_M = 60_000
DCIR_PER_K = -0.012  # share per kelvin
ALL_SAME = 5.0  # the range of about a hundred normal values is five sigma


def _target(visit: Visit, code: str, otherwise: float = 0.0) -> float:
    if code not in visit.plant.characteristics:
        return otherwise
    return visit.plant.limits(visit.unit.product, code).target or otherwise


def _viscosity(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Three inline values over the first hours of pot life: thickening from the batch's own level."""
    target, sigma = limits.target or 0.0, limits.sigma or 0.0
    level = target + visit.rng.gauss(0, 0.7 * sigma)
    return [
        (f"{hours} h", level * (1 + POT_LIFE_PER_H * hours) + visit.rng.gauss(0, 0.3 * sigma)) for hours in (0, 2, 4)
    ]


def _loading(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Means of lanes in the passes of a scanning gauge: side and lane alternate along the web.

    Loading is AR(1) along the web, with a fixed profile across it. The profile and the die's level change from roll to
    roll only. The roll's mean share of deviation is kept for the capacity of the cells made of it.
    """
    rng, target, sigma = visit.rng, limits.target or 0.0, limits.sigma or 0.0
    lanes = int(visit.step.recipe.get("lanes", 1))
    level = rng.gauss(0, 0.15 * sigma)
    profile = [rng.gauss(0, 0.1 * sigma) for _ in range(lanes)]
    length = visit.unit.length_m or 1.0
    wander = list(islice(autoregressive(rng, 0.9 * sigma), 8))
    code = limits.characteristic
    web = Loading(target, sigma, level, profile, wander, length)
    visit.scans = web.scans(visit.seed, visit.unit.serial, code, _gauge(visit, code))
    readings = []
    for n in range(len(wander)):
        at_m, side = length * (n + 0.5) / len(wander), SIDES[n % 2]
        readings.append((f"{side} {at_m:.0f} m", scanned(visit.scans, at_m, side, n % lanes, lanes)))
    visit.unit.traits["loading_share"] = level / target
    for lane, deviation in enumerate(profile, 1):
        visit.unit.traits[f"lane_share_{lane}"] = deviation / target
    return readings


def _gauge(visit: Visit, code: str) -> str:
    """Which of the station's gauges measures it."""
    gauges = visit.plant.station_of[visit.step.operation].gauges
    return next((gauge.code for gauge in gauges if code in gauge.characteristics), "")


def _density(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """2 x loading / (thickness - foil), with the foil that makes the targets fit each other."""
    loading, thickness = _target(visit, "COA-01"), _target(visit, "CAL-01")
    foil = thickness - 20 * loading / (limits.target or 1.0)
    actual = loading * (1 + visit.unit.traits.get("loading_share", 0.0))
    return [(str(n), 20 * actual / (t - foil)) for n, t in enumerate(visit.values["CAL-01"], 1)]


def _stretch(visit: Visit, _limits: LimitsFile) -> list[Reading] | None:
    stretch = visit.unit.traits.get("stretch_pct")
    return None if stretch is None else [("", stretch)]


def _burr(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Burr grows by half its target while a knife wears, and falls back when it is changed."""
    target, sigma = limits.target or 0.0, limits.sigma or 0.0
    lanes = int(visit.step.recipe.get("lanes", 1))
    cut_m = visit.unit.born // lanes * (visit.unit.length_m or 0.0)
    wear = cut_m % KNIFE_LIFE_M / KNIFE_LIFE_M
    return [(str(n + 1), max(0.3, target * (0.8 + 0.5 * wear) + visit.rng.gauss(0, sigma * 0.7))) for n in range(5)]


def _water(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """One oven batch dries together: a skewed level for the tray, small differences between its cells."""
    level = gamma(
        dice(visit.seed, visit.tray, visit.step.operation, visit.started), limits.target or 1, limits.sigma or 1
    )
    return [("", level * (1 + visit.rng.gauss(0, 0.03)))]


def _by_tray(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """A tray's condition: one level for all its cells, little between them; the top layer is warmer."""
    level = dice(visit.seed, visit.tray, visit.step.operation, visit.started).gauss(0, 0.8 * (limits.sigma or 0))
    hot = (
        HOT_K
        if visit.is_hot and "TEMP" in "".join(visit.plant.characteristics[limits.characteristic].reason_codes)
        else 0
    )
    return [("", (limits.target or 0.0) + level + hot + visit.rng.gauss(0, 0.1 * (limits.sigma or 0)))]


def _dwell(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Hours in the room: the nominal ones times how long this visit really took against its nominal time."""
    return [("", (limits.target or 0.0) * visit.slowness)]


def _total_fill(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Total = first fill - gas + second fill; the doser aims at the total."""
    total = (limits.target or 0.0) + visit.rng.gauss(0, limits.sigma or 0.0)
    first = visit.unit.traits.get("FIL-01")
    if first is not None and visit.attempt == 1:
        visit.dose_kg = max(0.001, (total - first + GAS_LOSS_G + visit.rng.gauss(0, 0.5)) / 1000)
    return [("", total)]


def _contact(visit: Visit, limits: LimitsFile) -> list[Reading]:
    bias = visit.plantings.bias_mohm if visit.is_biased else 0.0
    return [("", gamma(visit.rng, limits.target or 1, limits.sigma or 1) + bias)]


def _zinc_efficiency(visit: Visit, limits: LimitsFile) -> list[Reading]:
    shift = (visit.plantings.bias_ce_pct if visit.is_biased else 0.0) + (HOT_CE_PCT if visit.is_hot else 0.0)
    return [("", min(100.0, (limits.target or 0.0) + shift + visit.rng.gauss(0, limits.sigma or 0.0)))]


def _ac_resistance(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """A cell keeps its resistance; measuring it again adds the gauge only."""
    target, sigma = limits.target or 0.0, limits.sigma or 0.0
    own = visit.unit.traits.setdefault("acir_mohm", target + visit.rng.gauss(0, 0.95 * sigma))
    return [("", own + visit.rng.gauss(0, 0.3 * sigma))]


def _second_voltage(visit: Visit, _limits: LimitsFile) -> list[Reading] | None:
    """OCV2 = OCV1 - K x hours / 1000, K in mV/h skewed over cells; the voltmeter resolves 0.01 mV."""
    first = visit.unit.traits.get("OCV-01")
    if first is None or "OCV-02" not in visit.plant.characteristics:
        return None
    k = visit.plant.limits(visit.unit.product, "OCV-02")
    drop_mv_per_h = gamma(visit.rng, k.target or 0.025, k.sigma or 0.008)
    return [("", round(first - drop_mv_per_h * _hours_between(visit) / 1000, 5))]


def _hours_between(visit: Visit) -> float:
    """Hours from the first voltage to the second, on the nominal scale of the step."""
    before = visit.unit.times.get("OCV1", visit.started)
    return _target(visit, "OCV-RT", 72.0) * (visit.finished - before) / visit.step.duration_s


def _rest_hours(visit: Visit, _limits: LimitsFile) -> list[Reading]:
    return [("", round(_hours_between(visit), 3))]


def _capacity(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Rated capacity x loading, with a cell-to-cell sigma that lets a pack be matched within its spread limit.

    The ambient temperature is corrected for (0.4 %/K), which leaves a tenth of the effect.
    """
    target = limits.target or 0.0
    spread = _target(visit, "SOR-01", 1.0) / ALL_SAME
    ambient = _target(visit, "GRA-04", 25.0)
    residual = 0.0004 * ((visit.first("GRA-04") or ambient) - ambient)
    share = visit.unit.traits.get("loading_share", 0.0) + residual
    visit.unit.traits["rest_mv"] = visit.rng.gauss(0, _target(visit, "SOR-02", 2.0) / ALL_SAME)
    return [("", target * (1 + share) + visit.rng.gauss(0, 0.9 * spread))]


def _energy(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Capacity x mean voltage."""
    voltage = (limits.target or 0.0) / (_target(visit, "GRA-01") or 1.0)
    return [("", (visit.first("GRA-01") or 0.0) * voltage * (1 + visit.rng.gauss(0, 0.0006)))]


def _dc_resistance(visit: Visit, limits: LimitsFile) -> list[Reading]:
    target, sigma = limits.target or 0.0, limits.sigma or 0.0
    ambient = _target(visit, "GRA-04", 25.0)
    warmer = (visit.first("GRA-04") or ambient) - ambient
    share = DCIR_PER_K * warmer + (HOT_RESISTANCE if visit.unit.traits.get("formed_hot") else 0.0)
    return [("", target * (1 + share) + visit.rng.gauss(0, 0.8 * sigma))]


def _charge_before(visit: Visit, _limits: LimitsFile) -> list[Reading] | None:
    """Q_dis / CE - formation charge, so that the first coulombic efficiency comes out as the cell's own."""
    capacity, formed = visit.first("GRA-01"), visit.unit.traits.get("FOR-03")
    if capacity is None or formed is None or "FOR-04" not in visit.plant.characteristics:
        return None
    limits = visit.plant.limits(visit.unit.product, "FOR-04")
    efficiency = (
        (limits.target or 90.0) + visit.rng.gauss(0, limits.sigma or 0.4) + visit.unit.traits.get("ce_shift", 0)
    )
    return [("", 100 * capacity / efficiency - formed)]


def _range_over_parts(trait: str) -> Special:
    def spread(visit: Visit, _limits: LimitsFile) -> list[Reading] | None:
        values = [part.traits[trait] for part in visit.parts if trait in part.traits]
        return [("", max(values) - min(values))] if len(values) > 1 else None

    return spread


def _joints(visit: Visit, limits: LimitsFile) -> list[Reading]:
    """Each joint between the pack's cells, and the two ends."""
    count = visit.route.cells_per_pack + 1
    values = [max(0.001, visit.rng.gauss(limits.target or 0.0, limits.sigma or 0.0)) for _ in range(count)]
    if limits.usl is not None:
        values = [min(value, limits.usl * 0.98) for value in values]  # a joint beyond it is welded again at once
    visit.unit.traits["joints_mohm"] = sum(values)
    return [(f"J{n:03d}", value) for n, value in enumerate(values, 1)]


def _glue(visit: Visit, limits: LimitsFile) -> list[Reading]:
    grams = (limits.target or 0.0) + visit.rng.gauss(0, limits.sigma or 0.0)
    visit.dose_kg = grams / 1000
    return [("", grams)]


def _pack_resistance(visit: Visit, limits: LimitsFile) -> list[Reading] | None:
    """Cells plus joints in series, measured to 0.3 %; a pack of another number of cells is scaled to the limits'."""
    cells, joints = visit.unit.traits.get("cells_mohm"), visit.unit.traits.get("joints_mohm")
    if cells is None or joints is None:
        return None
    nominal = visit.route.cells_per_pack * _target(visit, "GRA-03")
    nominal += (visit.route.cells_per_pack + 1) * _target(visit, "PAC-02")
    scale = 1.0 if abs(nominal / (limits.target or nominal) - 1) < 0.05 else (limits.target or nominal) / nominal
    return [("", (cells + joints) * scale * (1 + visit.rng.gauss(0, 0.003)))]


def _rest_spread(visit: Visit, limits: LimitsFile) -> list[Reading] | None:
    spread = visit.unit.traits.get("SOR-02")
    if spread is None:
        return None
    return [("", spread * (limits.target or 1.0) / (_target(visit, "SOR-02") or 1.0) * visit.rng.uniform(0.9, 1.1))]


FIRST = ("GRA-04",)  # what other values of the same visit rest on, though it stands behind them in the route

# Conditions of a whole tray or derived from clocks and other values: no fault of one unit shows in them.
SHARED = ("BAK-01", "BAK-02", "FIL-03", "FOR-01", "FOR-02", "AGE-01", "OCV-R2", "OCV-RT", "GRA-04", "GRA-RC")

SPECIAL: dict[str, Special] = {
    "MIX-01": _viscosity,
    "COA-01": _loading,
    "COA-02": _loading,
    "ZNH-04": _loading,
    "CAL-02": _density,
    "CAL-04": _stretch,
    "SLI-02": _burr,
    "BAK-01": _water,
    "BAK-02": _by_tray,
    "FIL-03": _dwell,
    "FOR-01": _by_tray,
    "FOR-02": _by_tray,
    "FOR-05": _contact,
    "FOR-06": _total_fill,
    "AGE-01": _dwell,
    "OCV-03": _ac_resistance,
    "OCV-R2": _second_voltage,
    "OCV-RT": _rest_hours,
    "GRA-01": _capacity,
    "GRA-02": _energy,
    "GRA-03": _dc_resistance,
    "GRA-04": _by_tray,
    "GRA-RC": _charge_before,
    "SOR-01": _range_over_parts("GRA-01"),
    "SOR-02": _range_over_parts("rest_mv"),
    "PAC-02": _joints,
    "PAC-03": _glue,
    "EOL-03": _pack_resistance,
    "EOL-04": _rest_spread,
    "ZNH-07": _zinc_efficiency,
}


def remember(visit: Visit) -> None:
    """What the unit carries on to later steps beyond its own values."""
    traits = visit.unit.traits
    if "FIL-01" in visit.values and visit.attempt == 1:
        visit.dose_kg = visit.values["FIL-01"][0] / 1000
    if visit.rack and "formed_hot" not in traits:
        traits["formed_hot"] = float(visit.is_hot)
        traits["ce_shift"] = (HOT_CE_PCT if visit.is_hot else 0.0) + (
            visit.plantings.bias_ce_pct if visit.is_biased else 0.0
        )
    if visit.parts and "GRA-03" in visit.parts[0].traits:
        traits["cells_mohm"] = sum(part.traits.get("GRA-03", 0.0) for part in visit.parts)
    shares = [part.traits.get("loading_share") for part in visit.parts]
    known = [share for share in shares if share is not None]
    if known and "loading_share" not in traits:
        traits["loading_share"] = sum(known) / len(known)
