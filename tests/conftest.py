"""What every test finds ready: compiled translations, and the plant of the e2e tests early in the queue."""

import os
import shutil
import tempfile
from collections.abc import Generator, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from pytest_django.fixtures import _set_suffix_to_test_databases
from xdist.scheduler import LoadFileScheduling

from mes.translations import compile_catalogues

_ON_THE_E2E_PLANT = {"tests/e2e/test_genealogy.py", "tests/e2e/test_line.py", "tests/e2e/test_rules.py"}


# What is gated is the same each time; whoever works on the code gets other examples at every run. No example has to be
# fast: a busy machine is no fault of the code.
settings.register_profile("work", deadline=None)
settings.register_profile("gate", deadline=None, derandomize=True)
settings.load_profile("gate" if os.environ.get("CI") else "work")


def pytest_configure(config: pytest.Config) -> None:  # noqa: ARG001 - pytest's signature
    compile_catalogues()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The e2e plant needs minutes: it starts first, on one worker, while the other works through the rest by file."""
    items.sort(key=lambda item: 0 if "e2e" in item.path.parts else 1)


class _ByFile(LoadFileScheduling):  # type: ignore[misc]  # xdist ships no types
    """A file's tests go to one worker, and so do those of all files that share the e2e plant."""

    def _split_scope(self, nodeid: str) -> str:
        file = nodeid.split("::", 1)[0]
        return "the e2e plant" if file in _ON_THE_E2E_PLANT else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> LoadFileScheduling:
    return _ByFile(config, log)


@pytest.fixture(scope="session")
def django_db_keepdb(request: pytest.FixtureRequest) -> bool:
    """A server of the tests' own has the database already (tests/prepared_database.py)."""
    return bool(os.environ.get("DENCHI_TEST_SERVERS_OF") or request.config.getvalue("reuse_db"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings_xdist_suffix(request: pytest.FixtureRequest) -> None:
    """Workers on servers of their own need no names of their own."""
    suffix = getattr(request.config, "workerinput", {}).get("workerid")
    if suffix and not os.environ.get("DENCHI_TEST_SERVERS_OF"):
        _set_suffix_to_test_databases(suffix)


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
