"""What every test finds ready: compiled translations, and the plant of the e2e tests early in the queue."""

import pytest

from mes.translations import compile_catalogues


def pytest_configure(config: pytest.Config) -> None:  # noqa: ARG001 - pytest's signature
    compile_catalogues()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The e2e plant needs minutes: it starts first, on one worker, while the other works through the rest."""
    items.sort(key=lambda item: 0 if "e2e" in item.path.parts else 1)
