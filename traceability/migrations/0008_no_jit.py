from django.db import migrations


class Migration(migrations.Migration):
    """Compiling pays for statements that run for seconds. Walks through the genealogy take milliseconds, and what the
    planner guesses of a recursion makes it compile them: a third of the time of a lot in ten thousand cells."""

    dependencies = [("traceability", "0007_audits")]

    operations = [
        migrations.RunSQL(
            "do $$ begin execute format('alter database %I set jit = off', current_database()); end $$",
            "do $$ begin execute format('alter database %I reset jit', current_database()); end $$",
        )
    ]
