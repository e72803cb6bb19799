"""A report of many points: `python -m bench.spc_report [--points 100000] [--charts 10]`. Starts a database of its own.

Prints seconds of each step and the peak memory of the process that makes it. One value in five hundred is beyond a
limit and has its signal. With DENCHI_DATABASE_URL it uses that database, which must be empty or from an earlier run.
"""

import argparse
import os
import tempfile
from pathlib import Path

import django

from mes.embedded import EmbeddedPostgres


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--points", type=int, default=100_000)
    parser.add_argument("--charts", type=int, default=10)
    options = parser.parse_args()
    os.environ["DJANGO_SETTINGS_MODULE"] = "mes.settings"
    with tempfile.TemporaryDirectory(prefix="denchi-bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        os.environ["DENCHI_VAR"] = str(folder / "var")
        server = None
        if "DENCHI_DATABASE_URL" not in os.environ:
            server = EmbeddedPostgres(folder / "postgres")
            os.environ["DENCHI_DATABASE_URL"] = server.start()
        try:
            django.setup()
            from bench import spc_report_plant as plant  # noqa: PLC0415 - needs Django's setup

            plant.seed(options.points, options.charts)
            plant.make()
        finally:
            if server is not None:
                server.stop()


if __name__ == "__main__":
    main()
