"""What every test finds ready: compiled translations, and the plant of the e2e tests early in the queue."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path

import pytest

from mes.translations import compile_catalogues


def pytest_configure(config: pytest.Config) -> None:  # noqa: ARG001 - pytest's signature
    compile_catalogues()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The e2e plant needs minutes: it starts first, on one worker, while the other works through the rest by file."""
    items.sort(key=lambda item: 0 if "e2e" in item.path.parts else 1)
    for item in items:
        shares_plant = "plant" in getattr(item, "fixturenames", ()) and "e2e" in item.path.parts
        item.add_marker(pytest.mark.xdist_group("plant" if shares_plant else str(item.path)))


def _open_folder() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="denchi-test-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder)


@pytest.fixture
def open_folder() -> Iterator[Path]:
    """A folder that every user may walk into: PostgreSQL runs as another one when the tests run as root."""
    yield from _open_folder()


@pytest.fixture(scope="session")
def open_folder_for_session() -> Iterator[Path]:
    """The same for what lives as long as the session."""
    yield from _open_folder()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """.ci/run installs everything, so there a skipped test is a fault, not an excuse."""
    report = yield
    if report.skipped and os.environ.get("DENCHI_REQUIRE_ALL") and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped where everything must be installed: {report.longrepr}"
    return report
