"""gauge_readings.csv as records. Pure."""

from pathlib import Path

from lines.plant.shapes import GaugeReadingFile
from lines.plant.tables import rows_of


def read_gauge_readings(folder: Path) -> tuple[GaugeReadingFile, ...]:
    """Readings of gauge R&R studies."""
    columns = ("code", "gauge", "characteristic", "days_ago", "part", "operator", "value")
    return tuple(
        GaugeReadingFile(
            gauge=row.text("gauge"),
            characteristic=row.text("characteristic"),
            days_ago=row.integer("days_ago", least=0, most=3650),
            part=row.text("part"),
            operator=row.text("operator"),
            value=row.number("value"),
        )
        for row in rows_of(folder, "gauge_readings.csv", columns)
    )
