"""sites.toml as records: the data centres that containers are shipped to. Pure."""

from pathlib import Path

from lines.plant.entries import Entry, read_toml, refuse_doubles
from lines.plant.shapes import DataCentreSiteFile


def _degrees(entry: Entry, key: str, most: float) -> float | None:
    value = entry.optional_number(key)
    if value is not None and abs(value) > most:
        raise entry.refuse(key, f"is {value:g}.", f"Use {-most:g} to {most:g} degrees.")
    return value


def read_data_centres(folder: Path) -> tuple[DataCentreSiteFile, ...]:
    """A plant that ships nowhere has no such file."""
    if not (folder / "sites.toml").exists():
        return ()
    root = read_toml(folder, "sites.toml")
    sites = []
    for entry in root.entries("sites"):
        country = entry.text("country", longest=2)
        if not (len(country) == 2 and country.isascii() and country.isalpha() and country.isupper()):
            raise entry.refuse("country", f"is {country!r}.", "Use the two letters of ISO 3166: JP.")
        sites.append(
            DataCentreSiteFile(
                code=entry.code("code", 32),
                name=entry.name(),
                country=country,
                latitude=_degrees(entry, "latitude", 90),
                longitude=_degrees(entry, "longitude", 180),
            )
        )
        entry.done()
    root.done()
    refuse_doubles("sites.toml", "sites", [site.code for site in sites])
    return tuple(sites)
