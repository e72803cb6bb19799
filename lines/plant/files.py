"""The plant as files: read fixtures/plant/<site>/ into plain records, or refuse with file, key and cure.

Read by `load_plant` (into the database) and by the plant simulator (which knows no database). Pure.
"""

from pathlib import Path

from lines.plant.checking import check_plant
from lines.plant.data_centre_files import read_data_centres
from lines.plant.gauge_files import read_gauge_readings
from lines.plant.plan_files import read_control_plans
from lines.plant.product_files import read_products
from lines.plant.reaction_files import read_reaction_codes, read_reaction_steps
from lines.plant.shapes import (
    AreaFile,
    BillItemFile,
    CertificationFile,
    CharacteristicFile,
    ControlPlanFile,
    DataCentreSiteFile,
    DefinitionFile,
    FeedPointFile,
    GaugeFile,
    GaugeReadingFile,
    LimitsFile,
    MaterialFile,
    Name,
    OpcUaServerFile,
    OperationFile,
    PersonFile,
    PlantFileError,
    PlantFiles,
    ProductFile,
    ReasonCodeFile,
    ShiftFile,
    SignalFile,
    StationFile,
    StepFile,
    WorkOrderFile,
)
from lines.plant.site_files import (
    read_materials,
    read_operations,
    read_people,
    read_site,
    read_stations,
)
from lines.plant.tables import read_characteristics, read_reason_codes

__all__ = [
    "AreaFile",
    "BillItemFile",
    "CertificationFile",
    "CharacteristicFile",
    "ControlPlanFile",
    "DataCentreSiteFile",
    "DefinitionFile",
    "FeedPointFile",
    "GaugeFile",
    "GaugeReadingFile",
    "LimitsFile",
    "MaterialFile",
    "Name",
    "OpcUaServerFile",
    "OperationFile",
    "PersonFile",
    "PlantFileError",
    "PlantFiles",
    "ProductFile",
    "ReasonCodeFile",
    "ShiftFile",
    "SignalFile",
    "StationFile",
    "StepFile",
    "WorkOrderFile",
    "read_plant",
]


def read_plant(folder: Path) -> PlantFiles:
    """Read and check a plant folder as a whole.

    Raises PlantFileError for the first thing wrong: a missing file, a key with a wrong type or value, an unknown
    reference, a serial design code claimed twice, limits that cross.
    """
    if not folder.is_dir():
        raise PlantFileError(str(folder), "-", "is not a folder.", "Name a folder like fixtures/plant/osaka.")
    site = read_site(folder)
    characteristics = read_characteristics(folder)
    plant = PlantFiles(
        site_code=site.code,
        site_name=site.name,
        time_zone=site.time_zone,
        serial_site=site.serial_site,
        serial_line=site.serial_line,
        line_code=site.line_code,
        line_name=site.line_name,
        areas=site.areas,
        shifts=site.shifts,
        opcua_servers=site.opcua_servers,
        stations=read_stations(folder),
        operations=read_operations(folder),
        materials=read_materials(folder),
        characteristics=characteristics,
        products=read_products(folder, {c.code: c for c in characteristics}),
        control_plans=read_control_plans(folder),
        reason_codes=read_reason_codes(folder),
        people=read_people(folder),
        reaction_codes=read_reaction_codes(folder),
        reaction_steps=read_reaction_steps(folder),
        gauge_readings=read_gauge_readings(folder),
        data_centres=read_data_centres(folder),
    )
    check_plant(plant)
    return plant
