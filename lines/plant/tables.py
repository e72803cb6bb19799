"""characteristics.csv, raw_values.csv and reason_codes.csv as records. Pure."""

import csv
import io
from pathlib import Path
from typing import Any

from lines.plant.entries import Entry, read_text, refuse_doubles
from lines.plant.shapes import CharacteristicFile, Name, PlantFileError, ReasonCodeFile
from lines.plant.site_files import KINDS

DISTRIBUTIONS = ("NORMAL", "LOGNORMAL", "POISSON", "SKEWED", "AUTOCORRELATED")
RULES = tuple(range(1, 9))  # Nelson's
SEVERITIES = ("S", "F", "C")


class Row(Entry):
    """One row of a CSV file: an empty field is a missing one, numbers stand as text."""

    def __init__(self, file: str, where: str, fields: dict[str, str]) -> None:
        super().__init__(file, where, {key: value.strip() for key, value in fields.items() if value.strip()})

    def _value(self, key: str, expected: str) -> Any:
        value = super()._value(key, expected)
        if expected == "a number":
            try:
                return float(value)
            except ValueError:
                raise self.refuse(key, f"is {value!r}.", "Write a number with a decimal point.") from None
        if expected == "a whole number":
            try:
                return int(value)
            except ValueError:
                raise self.refuse(key, f"is {value!r}.", "Write a whole number.") from None
        if expected == "a list of texts":
            return value.split()
        return value


def rows_of(folder: Path, name: str, columns: tuple[str, ...], label: str = "code") -> list[Row]:
    reader = csv.DictReader(io.StringIO(read_text(folder, name), newline=""), strict=True)
    rows = []
    try:
        found = tuple(reader.fieldnames or ())
        if found != columns:
            raise PlantFileError(
                name, "line 1", f"has the columns {','.join(found)}.", f"Write the columns {','.join(columns)}."
            )
        for fields in reader:
            if None in fields or None in fields.values():
                raise PlantFileError(
                    name,
                    f"line {reader.line_num}",
                    "has more or fewer fields than the first line.",
                    "Put fields with a comma in quotes, and leave unknown ones empty.",
                )
            rows.append(Row(name, fields[label].strip() or f"line {reader.line_num}", fields))
    except csv.Error as error:
        raise PlantFileError(name, f"line {reader.line_num}", f"is not CSV: {error}.", "Check the quotes.") from None
    refuse_doubles(name, label, [row.text(label) for row in rows])
    return rows


def check_limits(entry: Entry, lsl: float | None, target: float | None, usl: float | None) -> None:
    """Refuse limits that cross: lsl <= target <= usl, lsl < usl."""
    if lsl is not None and usl is not None and lsl >= usl:
        raise entry.refuse("lsl", f"is {lsl:g}, not below usl {usl:g}.", "Exchange them or leave one out.")
    if target is not None and lsl is not None and target < lsl:
        raise entry.refuse("target", f"is {target:g}, below lsl {lsl:g}.", "Put it between the limits.")
    if target is not None and usl is not None and target > usl:
        raise entry.refuse("target", f"is {target:g}, above usl {usl:g}.", "Put it between the limits.")


def check_sigma(entry: Entry, key: str, sigma: float | None) -> None:
    if sigma is not None and sigma < 0:
        raise entry.refuse(key, f"is {sigma:g}.", "Write a standard deviation of 0 or above.")


CHARACTERISTIC_COLUMNS = (
    *("code", "station", "characteristic", "name_ja", "unit", "lsl", "target", "usl", "distribution", "sigma"),
    *("sigma_log", "formula", "inputs", "sampling", "reason_codes", "source"),
)


def _characteristic(row: Row) -> CharacteristicFile:
    lsl, target, usl = (row.optional_number(key) for key in ("lsl", "target", "usl"))
    check_limits(row, lsl, target, usl)
    distribution = row.choice("distribution", DISTRIBUTIONS)
    sigma, sigma_log = row.optional_number("sigma"), row.optional_number("sigma_log")
    for key, value in (("sigma", sigma), ("sigma_log", sigma_log)):
        check_sigma(row, key, value)
    if (sigma_log is not None) != (distribution == "LOGNORMAL"):
        raise row.refuse("sigma_log", "does not fit the distribution.", "Give it for LOGNORMAL, and only there.")
    if (sigma is None) != (distribution in {"LOGNORMAL", "POISSON"}):
        raise row.refuse(
            "sigma", "does not fit the distribution.", "Give it for all distributions but LOGNORMAL and POISSON."
        )
    formula, inputs = row.text("formula", "", longest=48), row.texts("inputs", ())
    if bool(formula) != bool(inputs):
        raise row.refuse("inputs", "and formula go together.", "Give both, or neither for a measured value.")
    return CharacteristicFile(
        code=row.code("code"),
        station=row.text("station"),
        name=Name(row.text("characteristic", longest=120), row.text("name_ja", longest=120)),
        unit=row.text("unit", longest=16),
        distribution=distribution,
        formula=formula,
        formula_inputs=inputs,
        reason_codes=row.texts("reason_codes"),
        sampling=row.text("sampling", longest=80),
        source=row.text("source", longest=120),
        lsl=lsl,
        target=target,
        usl=usl,
        sigma=sigma,
        sigma_log=sigma_log,
    )


def _raw_value(row: Row) -> CharacteristicFile:
    return CharacteristicFile(
        code=row.code("code"),
        station="raw value",
        name=Name(row.text("characteristic", longest=120), row.text("name_ja", longest=120)),
        unit=row.text("unit", longest=16),
        distribution="NORMAL",
        formula="",
        formula_inputs=(),
        reason_codes=(),
        sampling=row.text("sampling", longest=80),
        source=row.text("source", longest=120),
        lsl=None,
        target=row.number("target"),
        usl=None,
        sigma=row.number("sigma"),
        sigma_log=None,
    )


def read_characteristics(folder: Path) -> tuple[CharacteristicFile, ...]:
    """The characteristics, and behind them the raw values that only feed formulas and have no limits."""
    found = [_characteristic(row) for row in rows_of(folder, "characteristics.csv", CHARACTERISTIC_COLUMNS)]
    columns = ("code", "characteristic", "name_ja", "unit", "target", "sigma", "sampling", "source")
    found += [_raw_value(row) for row in rows_of(folder, "raw_values.csv", columns)]
    refuse_doubles("raw_values.csv", "code", [characteristic.code for characteristic in found])
    return tuple(found)


def read_reason_codes(folder: Path) -> tuple[ReasonCodeFile, ...]:
    codes = []
    columns = ("code", "group", "severity", "name_en", "name_ja", "station_kinds")
    for row in rows_of(folder, "reason_codes.csv", columns):
        kinds = row.texts("station_kinds")
        for kind in kinds:
            if kind not in KINDS:
                raise row.refuse("station_kinds", f"names {kind!r}.", f"Use {', '.join(KINDS)}.")
        codes.append(
            ReasonCodeFile(
                code=row.code("code"),
                name=row.name(),
                group=row.code("group"),
                severity=row.choice("severity", SEVERITIES),
                station_kinds=kinds,
            )
        )
    return tuple(codes)
