"""Each way to spoil a plant folder is refused with the file, the key and what to do."""

import csv
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from lines.plant.files import PlantFileError, read_plant

OSAKA = Path(__file__).parents[2] / "fixtures" / "plant" / "osaka"
Spoil = Callable[[Path], object]


def edited(file: str, old: str, new: str, count: int = 1) -> Spoil:
    def spoil(folder: Path) -> None:
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, count), encoding="utf-8")

    return spoil


def without(file: str) -> Spoil:
    return lambda folder: (folder / file).unlink()


def field(file: str, code: str, column: str, value: str) -> Spoil:
    """One field of one row of a CSV file."""

    def spoil(folder: Path) -> None:
        with (folder / file).open(encoding="utf-8", newline="") as source:
            reader = csv.DictReader(source)
            rows = list(reader)
        next(row for row in rows if row["code"] == code)[column] = value
        with (folder / file).open("w", encoding="utf-8", newline="") as sink:
            writer = csv.DictWriter(sink, reader.fieldnames or [])
            writer.writeheader()
            writer.writerows(rows)

    return spoil


def more_plans(folder: Path) -> None:
    path = folder / "control_plans.csv"
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([*lines, *(lines[1].replace("WIN-01-LFP", f"X{n}", 1) for n in range(2))]))


def doubled(file: str) -> Spoil:
    """The last row of a CSV file a second time."""

    def spoil(folder: Path) -> None:
        path = folder / file
        lines = path.read_text(encoding="utf-8").splitlines()
        path.write_text("\n".join([*lines, lines[-1]]), encoding="utf-8")

    return spoil


def added(file: str, after: str, line: str) -> Spoil:
    """A line more behind one that stands there."""
    return edited(file, after, f"{after}\n{line}")


LFP, ZNH = "products/lfp-314.toml", "products/znh-100.toml"
CTQ, PLANS = "characteristics.csv", "control_plans.csv"
BROKEN: list[tuple[str, Spoil, str, str, str]] = [
    # name, what is done, file, key, cure
    ("missing file", without("stations.toml"), "stations.toml", "-", "Add the file"),
    ("no product", lambda f: shutil.rmtree(f / "products"), "products/", "-", "Add a file"),
    ("not TOML", edited("site.toml", "[site]", "[site"), "site.toml", "-", "Correct the line"),
    ("not UTF-8", lambda f: (f / CTQ).write_bytes(b"\xff\xfe"), CTQ, "byte 0", "UTF-8"),
    ("key missing", edited("site.toml", 'time_zone = "Asia/Tokyo"', ""), "site.toml", "site.time_zone", "Add it"),
    ("unknown zone", edited("site.toml", "Asia/Tokyo", "Asia/Sakai"), "site.toml", "site.time_zone", "IANA"),
    ("bad clock", edited("site.toml", '"07:00"', '"7 am"'), "site.toml", "shifts[A].starts_at", "08:00"),
    ("serial head", edited("site.toml", '"SK" # head', '"SO" # head'), "site.toml", "site.serial_code", "characters"),
    ("no endpoint", edited("site.toml", "opc.tcp://", "http://"), "site.toml", "COATING].endpoint_url", "opc.tcp"),
    ("no Japanese", edited("site.toml", 'name_ja = "大阪工場"', ""), "site.toml", "site.name_ja", "Add it"),
    (
        "misspelt key",
        edited("stations.toml", "stale_after_s", "stale_after", 1),
        "stations.toml",
        "stations[MIX-1].stale_after",
        "Remove it, or use one of",
    ),
    (
        "wrong type",
        edited("stations.toml", "sequence = 10", 'sequence = "10"'),
        "stations.toml",
        "stations[MIX-1].sequence",
        "without quotes",
    ),
    (
        "no such kind",
        edited("stations.toml", '"PACK_TEST"', '"PACKTEST"'),
        "stations.toml",
        "stations[PACK-1].kind",
        "Use one of ELECTRODE_COATING",
    ),
    (
        "no such area",
        edited("stations.toml", 'area = "PACK-TEST"', 'area = "HALL-9"'),
        "stations.toml",
        "stations[PACK-1].area",
        "[[areas]]",
    ),
    (
        "no such server",
        edited("stations.toml", 'opcua_server = "PACK"', 'opcua_server = "PAC"'),
        "stations.toml",
        "stations[PACK-1].opcua_server",
        "[[opcua_servers]]",
    ),
    (
        "operation of another kind",
        edited("stations.toml", 'operations = ["PACK"]', 'operations = ["PACK", "WIND"]'),
        "stations.toml",
        "stations[PACK-1].operations",
        "same kind",
    ),
    (
        "operation nobody does",
        edited("stations.toml", 'operations = ["EOL"]', 'operations = ["PACK"]'),
        "operations.toml",
        "operations[EOL]",
        "station's operations",
    ),
    (
        "two stations of one code",
        edited("stations.toml", 'code = "AIL-1"', 'code = "EOL-1"'),
        "stations.toml",
        "stations[EOL-1]",
        "another code",
    ),
    (
        "two in one place",
        edited("stations.toml", "sequence = 20\n", "sequence = 10\n"),
        "stations.toml",
        "stations",
        "a place of its own",
    ),
    (
        "crossed band",
        edited("stations.toml", "low = 20, high = 32", "low = 32, high = 20"),
        "stations.toml",
        "signals[SlurryTemp].low",
        "Exchange",
    ),
    (
        "a signal all stations have",
        edited("stations.toml", '"SlurryTemp"', '"StateCurrent"'),
        "stations.toml",
        "signals[StateCurrent]",
        "another code",
    ),
    ("empty lot", edited("materials.toml", "lot_size = 2500", "lot_size = 0"), "materials.toml", "lot_size", "above 0"),
    ("no supplier", edited("materials.toml", '["Plant utility"]', "[]"), "materials.toml", "suppliers", "at least one"),
    ("no such role", edited("people.toml", '"QUALITY"', '"BOSS"'), "people.toml", "people[quality].role", "SUPERVISOR"),
    ("role twice", edited("people.toml", '"QUALITY"', '"AUDITOR"'), "people.toml", "people", "one demo person"),
    ("file of another name", lambda f: (f / LFP).rename(f / "products/lfp.toml"), "lfp.toml", "product.code", "Name"),
    (
        "design code twice in a product",
        edited(LFP, 'design_code = "SLA"', 'design_code = "SLC"'),
        LFP,
        "definitions[ANODE-SLURRY].design_code",
        "three other characters",
    ),
    (
        "design code of another product",
        edited(ZNH, 'design_code = "STZ"', 'design_code = "JRL"'),
        ZNH,
        "definitions[ZN-STACK].design_code",
        "three other characters",
    ),
    (
        "design code easily misread",
        edited(LFP, 'design_code = "SLA"', 'design_code = "SLO"'),
        LFP,
        "definitions[ANODE-SLURRY].design_code",
        "of the characters",
    ),
    (
        "made and bought",
        edited("materials.toml", 'code = "NMP"', 'code = "LFP-CELL"'),
        LFP,
        "definitions[LFP-CELL]",
        "another code",
    ),
    (
        "step of something not made",
        edited(LFP, 'definition = "LFP-JELLY"', 'definition = "LFP-JELY"'),
        LFP,
        "steps[110].definition",
        "Use one of",
    ),
    ("definition never made", edited(ZNH, 'code = "ZN-STACK"', 'code = "ZN-STAK"'), ZNH, "steps[30].definition", "Use"),
    ("no such operation", edited(LFP, '"WIND"', '"WINDING"'), LFP, "steps[110].operation", "operations.toml"),
    ("operation twice", edited(LFP, '"OCV2"', '"OCV1"'), LFP, "steps[210].operation", "once in a product"),
    ("sequence twice", edited(LFP, "sequence = 20\n", "sequence = 10\n"), LFP, "steps[10]", "another code"),
    ("no time", edited(LFP, "duration_s = 30\n", "duration_s = 0\n"), LFP, "steps[110].duration_s", "Use 1 to"),
    ("no such end", edited(LFP, 'on_fail = "SCRAP"', 'on_fail = "BURN"'), LFP, "steps[110].on_fail", "SCRAP, HOLD"),
    (
        "rework forwards",
        edited(LFP, "rework_from = 240", "rework_from = 260"),
        LFP,
        "steps[250].rework_from",
        "earlier",
    ),
    (
        "rework of another definition",
        edited(LFP, "rework_from = 240", "rework_from = 230"),
        LFP,
        "steps[250].rework_from",
        "same definition",
    ),
    (
        "rework without a second pass",
        edited(LFP, "max_passes = 2\nrework_from", "rework_from"),
        LFP,
        "steps[250].max_passes",
        "Raise it",
    ),
    ("unknown input", edited(LFP, '"SEPARATOR"', '"SEPERATOR"'), LFP, "steps[110].bill[SEPERATOR]", "materials.toml"),
    (
        "input made later",
        edited(LFP, '"CATHODE-SLURRY", quantity', '"CATHODE-CAL", quantity'),
        LFP,
        "steps[30].bill[CATHODE-CAL]",
        "lower sequence",
    ),
    ("input twice", edited(LFP, '"LID-LFP"', '"LFP-JELLY"'), LFP, "steps[120].bill", "one entry"),
    ("nothing taken in", edited(LFP, "quantity = 677.4", "quantity = 0"), LFP, "bill[LFP-POWDER].quantity", "above 0"),
    ("tolerance", edited(LFP, "tolerance_pct = 1 ", "tolerance_pct = -1 "), LFP, "tolerance_pct", "0 to 100"),
    ("positions", edited(LFP, "positions = 104", "positions = 100"), LFP, "bill[LFP-CELL].positions", "each piece"),
    (
        "characteristic nobody knows",
        edited(LFP, '"WIN-04"', '"WIN-09"'),
        LFP,
        "steps[110].characteristics",
        CTQ,
    ),
    ("formula without its input", edited(LFP, '"OCV-RT", ', ""), LFP, "steps[210].characteristics", "Add OCV-RT"),
    ("read back from nowhere", edited(LFP, '["FOR-03"]', '["GRA-01"]'), LFP, "steps[220].read_back", "there first"),
    ("sampled but not measured", edited(LFP, '["WEL-02"]', '["WIN-01"]'), LFP, "steps[120].sampled", "characteristics"),
    ("recipe of words", edited(LFP, "lanes = 4", 'lanes = "four"'), LFP, "steps[30].recipe.lanes", "a finite number"),
    ("limits of nothing", edited(ZNH, "[limits.GRA-01]", "[limits.WIN-01]"), ZNH, "limits.WIN-01", "Add it to a step"),
    ("crossed limits of a product", edited(ZNH, "lsl = 172", "lsl = 199"), ZNH, "limits.GRA-02.target", "between"),
    (
        "running on without a number",
        added("stations.toml", 'code = "SORT-1"', 'offline_policy = "RUN_ON"'),
        "stations.toml",
        "stations[SORT-1].offline_units",
        "Give RUN_ON the units",
    ),
    (
        "feed point for nothing known",
        added(
            "stations.toml",
            'code = "SORT-1"',
            'feed_points = [{ code = "F", name_en = "F", name_ja = "供", materials = ["GLUE"] }]',
        ),
        "stations.toml",
        "stations[SORT-1].feed_points[F].materials",
        "materials.toml",
    ),
    (
        "gauge without its interval",
        added("stations.toml", 'code = "SORT-1"', 'gauges = [{ code = "G", name_en = "G", name_ja = "計" }]'),
        "stations.toml",
        "stations[SORT-1].gauges[G].interval_days",
        "a whole number",
    ),
    (
        "certified for nothing known",
        added("people.toml", 'role = "QUALITY"', 'certifications = [{ operation = "GLUE", valid_days = 9 }]'),
        "people.toml",
        "people[quality].certifications",
        "operations.toml",
    ),
    (
        "wait before the first step",
        added(ZNH, 'operation = "STACK"', "max_wait_s = 60"),
        ZNH,
        "steps[30].max_wait_s",
        "a later step",
    ),
    (
        "crossed waits",
        added(ZNH, 'operation = "OCV1"', "max_wait_s = 60\nmin_wait_s = 61"),
        ZNH,
        "steps[80].min_wait_s",
        "Exchange",
    ),
    (
        "wait for a later step",
        added(ZNH, 'operation = "GRADE"', "max_wait_s = 60\nwait_from = 100"),
        ZNH,
        "steps[90].wait_from",
        "earlier step",
    ),
    (
        "alternative that has a step",
        added(ZNH, 'operation = "CAN"', 'alternatives = ["FILL"]'),
        ZNH,
        "steps[50].alternatives",
        "no step of the product",
    ),
    ("never sampled", added(ZNH, 'operation = "CAN"', "sample_every = 0"), ZNH, "steps[50].sample_every", "1 to"),
    ("long grade", added(ZNH, 'operation = "CAN"', 'grades = ["EXCELLENT"]'), ZNH, "steps[50].grades", "Shorten"),
    ("order of one number twice", edited(ZNH, "WO-ZNH-1001", "WO-LFP-1001"), "products/", "work_orders", "another"),
    ("other columns", edited(CTQ, "name_ja", "name_jp"), CTQ, "line 1", "Write the columns"),
    ("a field too few", edited(CTQ, "MIX-02,mixing,", "MIX-02,"), CTQ, "line 3", "in quotes"),
    ("code twice", doubled(CTQ), CTQ, "code[AIL-07]", "another code"),
    (
        "raw value that is measured",
        field("raw_values.csv", "OCV-R2", "code", "OCV-01"),
        "raw_values.csv",
        "OCV-01",
        "code",
    ),
    ("not a number", field(CTQ, "MIX-02", "lsl", "57,0"), CTQ, "MIX-02.lsl", "decimal point"),
    ("not finite", field(CTQ, "MIX-02", "usl", "inf"), CTQ, "MIX-02.usl", "finite"),
    ("crossed limits", field(CTQ, "MIX-02", "lsl", "70"), CTQ, "MIX-02.lsl", "Exchange"),
    ("target outside", field(CTQ, "MIX-02", "target", "56"), CTQ, "MIX-02.target", "between the limits"),
    ("no such distribution", field(CTQ, "MIX-02", "distribution", "GAUSS"), CTQ, "MIX-02.distribution", "NORMAL"),
    ("lognormal without sigma_log", field(CTQ, "CAN-03", "sigma_log", ""), CTQ, "CAN-03.sigma_log", "LOGNORMAL"),
    ("no sigma", field(CTQ, "MIX-02", "sigma", ""), CTQ, "MIX-02.sigma", "all distributions but"),
    ("formula without inputs", field(CTQ, "OCV-02", "inputs", ""), CTQ, "OCV-02.inputs", "Give both"),
    ("unknown formula input", field(CTQ, "OCV-02", "inputs", "OCV-99"), CTQ, "OCV-02.inputs", "raw_values.csv"),
    ("unknown reason", field(CTQ, "MIX-02", "reason_codes", "MIX-X"), CTQ, "MIX-02.reason_codes", "reason_codes.csv"),
    (
        "severity",
        field("reason_codes.csv", "COA-PIN", "severity", "X"),
        "reason_codes.csv",
        "COA-PIN.severity",
        "S, F, C",
    ),
    (
        "kind of a reason",
        field("reason_codes.csv", "COA-PIN", "station_kinds", "COATING"),
        "reason_codes.csv",
        "COA-PIN.station_kinds",
        "ELECTRODE_COATING",
    ),
    ("too many charts", more_plans, PLANS, "-", "at most 20"),
    (
        "skewed on a plain chart",
        field(PLANS, "WIN-04-LFP", "characteristic", "WIN-03"),
        PLANS,
        ".characteristic",
        "normal",
    ),
    ("lognormal on one", field(PLANS, "CAN-01-LFP", "characteristic", "CAN-03"), PLANS, ".characteristic", "normal"),
    (
        "drifting on one",
        field(PLANS, "WIN-04-LFP", "characteristic", "COA-01"),
        PLANS,
        ".characteristic",
        "independent",
    ),
    ("no such characteristic", field(PLANS, "WIN-04-LFP", "characteristic", "W"), PLANS, ".characteristic", CTQ),
    ("no such product", field(PLANS, "WIN-04-LFP", "product", "NMC"), PLANS, "WIN-04-LFP.product", "products/"),
    ("no such station", field(PLANS, "WIN-04-LFP", "station", "W-9"), PLANS, "WIN-04-LFP.station", "stations.toml"),
    ("not measured there", field(PLANS, "WIN-04-LFP", "station", "WELD-1"), PLANS, "WIN-04-LFP.station", "operation"),
    ("I-MR of five", field(PLANS, "WIN-04-LFP", "subgroup_size", "5"), PLANS, "WIN-04-LFP.subgroup_size", "Use 1 for"),
    ("rule nobody has", field(PLANS, "WIN-04-LFP", "rules", "1 9"), PLANS, "WIN-04-LFP.rules", "rules 1 to 8"),
    ("no spread", field(PLANS, "WIN-04-LFP", "sigma_within", "0"), PLANS, "WIN-04-LFP.sigma_within", "above 0"),
    ("centre outside", field(PLANS, "WIN-04-LFP", "center", "40"), PLANS, "WIN-04-LFP.center", "mean of the study"),
]


@pytest.mark.parametrize(
    ("spoil", "file", "key", "cure"), [case[1:] for case in BROKEN], ids=[case[0].replace(" ", "-") for case in BROKEN]
)
def test_a_spoilt_folder_is_refused_with_file_key_and_cure(
    tmp_path: Path, spoil: Spoil, file: str, key: str, cure: str
) -> None:
    folder = tmp_path / "osaka"
    shutil.copytree(OSAKA, folder)
    spoil(folder)
    with pytest.raises(PlantFileError) as refused:
        read_plant(folder)
    error = refused.value
    assert error.file.endswith(file)
    assert error.key.endswith(key) or key in error.key
    assert cure in error.cure, error.cure
    assert "\n" not in str(error)


def test_a_folder_that_is_none_is_refused() -> None:
    with pytest.raises(PlantFileError, match="is not a folder"):
        read_plant(OSAKA / "nowhere")
