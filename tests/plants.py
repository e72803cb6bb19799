"""Plants for tests: the Osaka plant, made small and quick."""

import re
import shutil
from pathlib import Path

OSAKA = Path(__file__).parent.parent / "fixtures" / "plant" / "osaka"
CELLS = 8
QUICKER = 20


def plain_plant(tmp_path: Path) -> Path:
    """A copy of the Osaka plant without the rules that look further than the next step: waits, grades, samples,
    certifications, a quarantine for lots. For tests that post by hand, minute by minute, and set their own rules.
    """
    folder = tmp_path / "plain"
    shutil.copytree(OSAKA, folder)
    for file in [*(folder / "products").glob("*.toml"), folder / "operations.toml", folder / "materials.toml"]:
        text = file.read_text(encoding="utf-8")
        rules = "wait_from|min_wait_s|max_wait_s|grades|repeat_in_rework|needs_certification|release_on_receipt"
        text = re.sub(rf"(?m)^({rules}) = .*\n", "", text)
        text = re.sub(r"\[\[steps\]\]\n[^\[]*sample_every = \d+\n[^\[]*", "", text)
        file.write_text(text, encoding="utf-8")
    return folder


def small_plant(tmp_path: Path) -> Path:
    """A copy of the Osaka plant with packs of 8 cells, trays of 8, containers of one pack and times divided by 20.

    At 3600 times real time and 1000 cells a day a cell goes through its whole route in some 10 s. The longest waits
    are only halved: half a day is 12 s of the MES's own time then.
    """
    folder = tmp_path / "plant"
    shutil.copytree(OSAKA, folder)
    for file in (folder / "products").glob("*.toml"):
        text = file.read_text(encoding="utf-8")
        text = re.sub(r"duration_s = (\d+)", lambda m: f"duration_s = {max(2, int(m[1]) // QUICKER)}", text)
        text = re.sub(r"min_wait_s = (\d+)", lambda m: f"min_wait_s = {int(m[1]) // QUICKER}", text)
        text = re.sub(r"max_wait_s = (\d+)", lambda m: f"max_wait_s = {int(m[1]) // 2}", text)
        text = re.sub(r"tray_slots = \d+", f"tray_slots = {CELLS}", text)
        text = re.sub(
            r'(material = "[A-Z]+-CELL", quantity = )\d+(, tolerance_pct = 0, positions = )\d+',
            rf"\g<1>{CELLS}\g<2>{CELLS}",
            text,
        )
        text = re.sub(r'(material = "BUSBAR", quantity = )\d+', rf"\g<1>{CELLS + 1}", text)
        text = re.sub(
            r"quantity = 4, tolerance_pct = 0, positions = 4", "quantity = 1, tolerance_pct = 0, positions = 1", text
        )
        file.write_text(text, encoding="utf-8")
    stations = folder / "stations.toml"
    text = stations.read_text(encoding="utf-8")
    stations.write_text(re.sub(r"offline_units = 12\b", "offline_units = 6", text), encoding="utf-8")
    return folder
