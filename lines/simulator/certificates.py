"""Certificates of analysis as suppliers send them with a lot. Pure."""

from dataclasses import dataclass

from lines.simulator.chance import dice
from lines.simulator.links import Body
from lines.simulator.units import MountedLot


@dataclass(frozen=True, slots=True)
class _Property:
    name: str
    unit: str
    target: float
    sigma: float
    lower: float | None = None
    upper: float | None = None


_WATER = _Property("Water content", "ppm", 120, 20, upper=300)
_THICKNESS = _Property("Thickness", "um", 13, 0.1, 12.5, 13.5)
_BY_MATERIAL: dict[str, list[_Property]] = {
    "ELECTROLYTE-LFP": [
        _Property("Water content", "ppm", 8, 1.5, upper=20),
        _Property("Hydrofluoric acid", "ppm", 18, 4, upper=50),
        _Property("Conductivity at 25 degC", "mS/cm", 10.6, 0.1, 10.0, 11.2),
    ],
    "LFP-POWDER": [_WATER, _Property("Specific capacity", "mAh/g", 156, 0.5, lower=153)],
    "GRAPHITE": [_WATER, _Property("Specific capacity", "mAh/g", 355, 1, lower=350)],
    "AL-FOIL": [_THICKNESS, _Property("Tensile strength", "MPa", 195, 5, lower=160)],
    "CU-FOIL": [
        _Property("Thickness", "um", 6, 0.05, 5.7, 6.3),
        _Property("Tensile strength", "MPa", 330, 8, lower=300),
    ],
    "SEPARATOR": [
        _Property("Gurley number", "s/100ml", 210, 12, 150, 270),
        _Property("Puncture strength", "N", 5.2, 0.2, lower=4),
    ],
    "ZINC-SALT": [_Property("Assay", "%", 99.6, 0.05, lower=99.0), _Property("Iron", "ppm", 3, 0.6, upper=10)],
    "BIPOLAR-PLATE": [_Property("Through-plane resistance", "mOhm.cm2", 18, 1.5, upper=30)],
}
_ANY = [_Property("Dimensions in tolerance", "%", 99.8, 0.03, lower=99.0)]


def certificate(seed: int, lot: MountedLot) -> list[Body]:
    """The lines of a lot's certificate, all within the supplier's limits."""
    rng = dice(seed, "certificate", lot.supplier, lot.number)
    lines = []
    for one in _BY_MATERIAL.get(lot.material, _ANY):
        line: Body = {"property": one.name, "value": round(rng.gauss(one.target, one.sigma), 3), "unit": one.unit}
        line |= {"lower": one.lower} if one.lower is not None else {}
        line |= {"upper": one.upper} if one.upper is not None else {}
        lines.append(line)
    return lines
