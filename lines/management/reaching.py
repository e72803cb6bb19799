"""A command whose database cannot be had says so in one line."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.core.management.base import CommandError
from django.db import OperationalError, ProgrammingError


@contextmanager
def reaching_the_database() -> Iterator[None]:
    """Raises CommandError for a database that does not answer, or is not one of ours."""
    try:
        yield
    except OperationalError as error:
        raise CommandError(f"The database does not answer: {_reason(error)}. Check DENCHI_DATABASE_URL.") from None
    except ProgrammingError as error:
        raise CommandError(f"The database lacks our tables: {_reason(error)}. Run `manage.py migrate`.") from None


def _reason(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0]
