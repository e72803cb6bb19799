"""Loading a plant folder: all of it in one transaction, or nothing."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.utils import timezone

from lines.models import Person, Station
from lines.orders.services import load_products
from lines.people.actors import acting
from lines.people.models import Role
from lines.people.services import keep_password, keep_person_token, keep_station_token, load_certifications, load_people
from lines.plant.files import PlantFileError, PlantFiles, read_plant
from lines.plant.master import Changes
from lines.plant.services import load_equipment
from mes.private_files import write_private
from quality.gauges.loading import load_gauges
from quality.plans.loading import load_quality
from quality.reactions.loading import load_reactions
from traceability.feeding.loading import load_feed_points

SIMULATED = ("supervisor", "quality")  # what these do in the demo is done by the simulator with their tokens


@dataclass(frozen=True, slots=True)
class Loaded:
    """What a load did."""

    stations: int
    products: int
    made: int
    changed: int


def load_plant(folder: Path, credentials: Path | None = None) -> Loaded:
    """Bring master data to what the folder says; with `credentials`, write logins and tokens there.

    Run again, it changes nothing; changed limits, routes and recipes become new versions, and nothing is deleted.
    Raises PlantFileError for a folder or a credentials file that it refuses; the database is then as it was.
    """
    plant = read_plant(folder)
    kept = _read_credentials(credentials) if credentials else {}
    with acting("task:load_plant"):
        changes = Changes(timezone.now())
        load_equipment(plant, changes)
        load_people(plant.people, changes)
        load_products(plant, changes)
        load_certifications(plant.people, changes)
        load_quality(plant, changes)
        load_gauges(plant, changes)
        load_reactions(plant, changes)
        load_feed_points(plant, changes)
        if credentials:
            # Written before the commit: were it the other way round, a token nobody knows could be left behind.
            _write(credentials, _keep_credentials(plant, kept))
    return Loaded(len(plant.stations), len(plant.products), changes.made, changes.changed)


def _read_credentials(file: Path) -> dict[str, Any]:
    if not file.exists():
        return {}
    try:
        kept = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise _refused(file, f"cannot be read ({type(error).__name__}).") from None
    if not _is_credentials(kept):
        raise _refused(file, "does not hold logins and tokens as this command writes them.")
    return dict(kept)


def _is_credentials(kept: Any) -> bool:
    if not isinstance(kept, dict):
        return False
    people, tokens = kept.get("people", {}), kept.get("station_tokens", {})
    if not (isinstance(people, dict) and isinstance(tokens, dict)):
        return False
    if not all(isinstance(person, dict) for person in people.values()):
        return False
    person_tokens = kept.get("person_tokens", {})
    if not isinstance(person_tokens, dict):
        return False
    secrets = [person.get("password") for person in people.values()]
    secrets += [*tokens.values(), *person_tokens.values(), kept.get("auditor_token")]
    return all(secret is None or isinstance(secret, str) for secret in secrets)


def _refused(file: Path, what: str) -> PlantFileError:
    return PlantFileError(str(file), "-", what, "Move it away: a new one is written then.")


def _write(file: Path, credentials: dict[str, Any]) -> None:
    try:
        write_private(file, json.dumps(credentials, indent=2) + "\n")
    except OSError as error:
        raise PlantFileError(
            str(file), "-", f"cannot be written ({error.strerror}).", "Name a file in a folder of your own."
        ) from None


def _keep_credentials(plant: PlantFiles, kept: dict[str, Any]) -> dict[str, Any]:
    """Passwords by role, a token for each station, for the auditor and for those whom the simulator plays: those kept,
    and new ones where none is."""
    people = {}
    auditor_token = None
    person_tokens = {}
    for filed in plant.people:
        if filed.role == Role.OPERATOR:
            continue  # known by name at machines, with no login
        role = filed.role.lower()
        person = Person.objects.get(username=filed.username)
        password = keep_password(person, kept.get("people", {}).get(role, {}).get("password"))
        people[role] = {"user": filed.username, "password": password}
        if role == "auditor":
            auditor_token = keep_person_token(person, kept.get("auditor_token"))
        elif role in SIMULATED:
            person_tokens[role] = keep_person_token(person, kept.get("person_tokens", {}).get(role))
    rows = {station.code: station for station in Station.objects.all()}
    tokens = kept.get("station_tokens", {})
    station_tokens = {s.code: keep_station_token(rows[s.code], tokens.get(s.code)) for s in plant.stations}
    return {
        "people": people,
        "station_tokens": station_tokens,
        "person_tokens": person_tokens,
        "auditor_token": auditor_token,
    }
