"""What a visit measures: each characteristic of its step drawn from its distribution, with the physics on top. Pure."""

import re
from typing import Any

from lines.plant.files import CharacteristicFile, LimitsFile
from lines.simulator import physics
from lines.simulator.chance import autoregressive, dice, gamma, lognormal, poisson, split_gauge
from lines.simulator.plantings import REWORK_CELL, REWORKED_PACK
from lines.simulator.routes import BATCH, CELL, PACK, ROLL
from lines.simulator.visits import Visit

FAILING = {ROLL: 0.0, BATCH: 0.0, PACK: 0.01}  # share of visits with a machine fault, by tracking
FAILING_ELSEWHERE = 0.004
SPREAD = "EOL-04"  # of the cells' voltages at rest
SCANS = 8  # values of an autocorrelated characteristic along one roll
Reading = tuple[str, float]  # position, value


def measure(visit: Visit) -> tuple[list[dict[str, Any]], list[str]]:
    """The visit's measurements as posted, and the reason codes of what is wrong; updates the unit's traits."""
    step, unit = visit.step, visit.unit
    broken = _what_breaks(visit)
    measurements: list[dict[str, Any]] = []
    reasons: list[str] = []
    for code in sorted(step.characteristics, key=lambda code: code not in physics.FIRST):
        characteristic = visit.plant.characteristics[code]
        if characteristic.formula or (code in step.sampled and not _is_sampled(visit, characteristic)):
            continue  # the MES derives it; or this unit is not in the sample
        limits = visit.plant.limits(unit.product, code)
        if code in step.read_back and code in unit.traits:
            readings = [("", unit.traits[code])]
        else:
            readings = _draw(visit, characteristic, limits)
            if code == broken:
                readings = [(position, _beyond(visit, limits)) for position, _ in readings]
            elif _is_tame(visit):
                readings = [(position, _inside(value, limits)) for position, value in readings]
        visit.values[code] = [value for _, value in readings]
        if code not in step.read_back:
            unit.traits[code] = readings[0][1]
        measurements += [
            {"code": code, "value": float(f"{value:.7g}"), "unit": characteristic.unit, "position": position}
            for position, value in readings
        ]
        if any(_is_outside(m["value"], limits) for m in measurements if m["code"] == code):
            reasons += characteristic.reason_codes[:1]
    physics.remember(visit)
    return measurements, list(dict.fromkeys(reasons))


def _draw(visit: Visit, characteristic: CharacteristicFile, limits: LimitsFile) -> list[Reading]:
    special = physics.SPECIAL.get(characteristic.code)
    readings = special(visit, limits) if special else None
    if readings is None:
        readings = _plain(visit, characteristic, limits)
    if visit.route.definitions[visit.unit.definition].tracking == CELL and visit.plantings.drifts(
        characteristic.code, visit.unit.product, visit.unit.born
    ):
        shift = visit.plantings.drift(visit.unit.born) * (limits.sigma or 0)
        readings = [(position, value + shift) for position, value in readings]
    return readings


def _plain(visit: Visit, characteristic: CharacteristicFile, limits: LimitsFile) -> list[Reading]:
    rng, target, sigma = visit.rng, limits.target or 0.0, limits.sigma or 0.0
    count = how_many(visit, characteristic)
    positions = [""] if count == 1 else [str(n + 1) for n in range(count)]
    match characteristic.distribution:
        case "LOGNORMAL":
            return [(p, lognormal(rng, target, characteristic.sigma_log or 0.5)) for p in positions]
        case "POISSON":
            return [(p, float(poisson(rng, target)) if target > 0 else 0.0) for p in positions]
        case "SKEWED" if target > 0 and sigma > 0:
            return [(p, gamma(rng, target, sigma)) for p in positions]
        case "AUTOCORRELATED":
            return [(p, target + x) for p, x in zip(positions, autoregressive(rng, sigma), strict=False)]
    tolerance = None if limits.lsl is None or limits.usl is None else limits.usl - limits.lsl
    process, gauge = split_gauge(sigma, tolerance)
    return [(p, target + rng.gauss(0, process) + rng.gauss(0, gauge)) for p in positions]


def how_many(visit: Visit, characteristic: CharacteristicFile) -> int:
    """Values of one record: the number its sampling names (2/batch, 5/roll), a scan's for a roll, else one."""
    tracking = visit.route.definitions[visit.unit.definition].tracking
    if tracking not in (ROLL, BATCH):
        return 1
    if named := re.match(r"(\d+)/(batch|roll)", characteristic.sampling):
        return int(named[1])
    return SCANS if characteristic.distribution == "AUTOCORRELATED" and tracking == ROLL else 1


def _is_sampled(visit: Visit, characteristic: CharacteristicFile) -> bool:
    """5/shift of about 100 cells a day is one in seven; by the unit's number, so that a test can count on it."""
    named = re.search(r"(\d+)/shift", characteristic.sampling)
    every = max(1, round(100 / 3 / int(named[1]))) if named else 7
    return visit.unit.born % every == 0


def _what_breaks(visit: Visit) -> str:
    """The characteristic that a machine fault drives out of its limits; '' for most visits."""
    tracking = visit.route.definitions[visit.unit.definition].tracking
    is_planted = (
        tracking == CELL
        and visit.unit.product == visit.plantings.product
        and visit.unit.born == REWORK_CELL
        and visit.step is visit.route.first(visit.unit.definition)
    )
    if is_planted or _is_reworked(visit):
        fails = visit.attempt == 1
    elif (tracking == PACK and visit.unit.born == 0) or visit.attempt > 1:
        fails = False  # the first pack of each product is everybody's example; a second try helps
    else:
        share = FAILING.get(tracking, FAILING_ELSEWHERE)
        fails = dice(visit.seed, "fault", visit.unit.serial, visit.step.operation).random() < share
    if not fails:
        return ""
    codes = [
        code
        for code in visit.step.characteristics
        if code not in (*visit.step.sampled, *visit.step.read_back, *physics.SHARED)
        and not visit.plant.characteristics[code].formula
        and _has_limits(visit.plant.limits(visit.unit.product, code))
    ]
    if is_planted:
        return codes[-1]
    if _is_reworked(visit):
        return SPREAD
    return visit.rng.choice(codes) if codes else ""


def _is_reworked(visit: Visit) -> bool:
    """One cell of this pack rests at another voltage; another one takes its place."""
    unit = visit.unit
    is_pack = visit.route.definitions[unit.definition].tracking == PACK
    is_planted = unit.product == visit.plantings.reworked and unit.born == REWORKED_PACK
    return is_pack and is_planted and SPREAD in visit.step.characteristics


def _has_limits(limits: LimitsFile) -> bool:
    return limits.lsl is not None or limits.usl is not None


def _is_outside(value: float, limits: LimitsFile) -> bool:
    return (limits.lsl is not None and value < limits.lsl) or (limits.usl is not None and value > limits.usl)


def _beyond(visit: Visit, limits: LimitsFile) -> float:
    edge = limits.usl if limits.usl is not None else limits.lsl
    if edge is None:
        return limits.target or 0.0
    middle = limits.target if limits.target is not None else edge * 0.9
    return edge + (edge - middle or 1.0) * visit.rng.uniform(0.05, 0.3)


def _is_tame(visit: Visit) -> bool:
    """A mixer or coater corrects itself before it lets a batch or roll go; the first pack must not fail by chance."""
    tracking = visit.route.definitions[visit.unit.definition].tracking
    return tracking in (ROLL, BATCH) or (tracking == PACK and visit.unit.born == 0)


def _inside(value: float, limits: LimitsFile) -> float:
    """The value, drawn in to a twentieth inside its limits."""
    target = limits.target or 0.0
    if limits.usl is not None and value > limits.usl - 0.05 * abs(limits.usl - target):
        return limits.usl - 0.05 * abs(limits.usl - target)
    if limits.lsl is not None and value < limits.lsl + 0.05 * abs(target - limits.lsl):
        return limits.lsl + 0.05 * abs(target - limits.lsl)
    return value
