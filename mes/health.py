"""Whether this process can serve: its own connection to the database, asked anew each time."""

from django.db import OperationalError, connection


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("select 1")
    except OperationalError:
        connection.close()
        return False
    return True
