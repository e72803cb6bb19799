"""Run the plant simulator: `manage.py simulate_plant --help`."""

import asyncio
import json
import logging
import signal
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from lines.plant.files import PlantFileError
from lines.simulator.running import Options, Simulator


class Command(BaseCommand):
    help = "A plant of simulated machines that speak to the MES by OPC UA and HTTP only."
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--plant", type=Path, required=True, help="folder of plant files")
        parser.add_argument("--api", required=True, help="address of the API, with /api/v1")
        parser.add_argument("--tokens", type=Path, required=True, help="JSON: {station: token}")
        parser.add_argument("--people", type=Path, help='JSON with "person_tokens": {role: token}')
        parser.add_argument("--truth", type=Path, required=True, help="JSON lines; appended to")
        parser.add_argument("--endpoints", type=Path, required=True, help="written: {OPC UA server: url}")
        parser.add_argument("--pki", type=Path, help="certificates of the secured servers; without it none is secured")
        parser.add_argument("--seed", type=int, default=1)
        parser.add_argument("--speed", type=float, default=3600.0, help="times real time, until the clock is live")
        parser.add_argument("--days-back", type=float, default=9.5, help="where the clock starts the first time")
        parser.add_argument("--cells-per-day", type=float, default=100.0)
        parser.add_argument(
            "--wait-for-client",
            type=float,
            default=0.0,
            metavar="S",
            help="hold the clock until all signals are subscribed to",
        )

    def handle(self, *args: Any, **options: Any) -> None:
        # Both libraries warn at every start that a demo server on the loopback interface is not encrypted.
        for library in ("asyncua", "opcua"):
            logging.getLogger(library).setLevel(logging.ERROR)
        try:
            simulator = Simulator(
                Options(
                    plant=options["plant"],
                    api=options["api"],
                    tokens=json.loads(options["tokens"].read_text(encoding="utf-8")),
                    people=_person_tokens(options["people"]),
                    truth=options["truth"],
                    endpoints=options["endpoints"],
                    seed=options["seed"],
                    speed=options["speed"],
                    days_back=options["days_back"],
                    cells_per_day=options["cells_per_day"],
                    wait_for_client_s=options["wait_for_client"],
                    pki=options["pki"],
                )
            )
        except (OSError, ValueError, PlantFileError) as error:
            raise CommandError(str(error)) from error
        asyncio.run(_until_told(simulator))


def _person_tokens(file: Path | None) -> dict[str, str]:
    if file is None:
        return {}
    found: dict[str, str] = json.loads(file.read_text(encoding="utf-8")).get("person_tokens", {})
    return found


async def _until_told(simulator: Simulator) -> None:
    """Run until Ctrl-C or SIGTERM."""
    task = asyncio.create_task(simulator.run())
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        await task
    except asyncio.CancelledError:
        return
