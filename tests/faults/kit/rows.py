"""The kit's plant: `python -m tests.faults.kit.rows PLAN` makes tables and rows; the signals' ids go into PLAN."""

import json
import sys
from pathlib import Path

import django


def make(plan: Path) -> None:
    django.setup()
    # Django's own parts can be imported only after setup.
    from django.core.management import call_command

    from lines.plant.models import OpcUaServer, Signal, SignalKind, Station
    from tests.lines.rows import make_line, make_server

    for command in (["migrate", "-v0"], ["ensure_partitions"]):
        call_command(*command)
    servers = json.loads(plan.read_text())
    line = make_line()
    for name, server in servers.items():
        row = make_server(line, name, server["url"])
        # More than a minute at the kit's rates stays in the server.
        OpcUaServer.objects.filter(pk=row.pk).update(queue_size=2000, historises=server["historises"])
        for code in server["stations"]:
            station = Station.objects.create(
                code=code,
                kind="PACK_TEST",
                area=line.site.areas.get(),
                production_line=line,
                sequence=Station.objects.count(),
                interface="HTTP",
                opcua_server=row,
                name_en=code,
                name_ja=code,
            )
            ids = {
                name: Signal.objects.create(station=station, code=name, kind=kind, name_en=name, name_ja=name).pk
                for name, kind in (("Value", SignalKind.MEASUREMENT), ("TelemetryCount", SignalKind.COUNTER))
            }
            server["stations"][code] = ids["Value"]
    plan.write_text(json.dumps(servers))


if __name__ == "__main__":
    make(Path(sys.argv[1]))
