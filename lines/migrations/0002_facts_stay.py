"""Facts refuse UPDATE, and leaf tables get their daily partitions from one function."""

from django.db import migrations

FACTS = ["lines_measurement", "lines_sample", "lines_operationrecord", "lines_statechange"]

REFUSE = """
create function denchi_refuse_update() returns trigger language plpgsql as $$
begin
    raise exception 'a fact in % is never changed; write a correction as a new row', tg_table_name
        using errcode = 'restrict_violation';
end $$
"""

# One partition a UTC day. Made ahead by a task; the default partition is the net below it.
PARTITIONS = """
create function denchi_ensure_partitions(parent text, first_day date, days integer) returns integer
language plpgsql as $$
declare
    made integer := 0;
    day date;
    child text;
begin
    for day in select first_day + n from generate_series(0, days - 1) as n loop
        child := format('%s_%s', parent, to_char(day, 'YYYYMMDD'));
        if to_regclass(child) is null then
            execute format(
                'create table %I partition of %I for values from (%L) to (%L)',
                child, parent, day::timestamp at time zone 'UTC', (day + 1)::timestamp at time zone 'UTC'
            );
            made := made + 1;
        end if;
    end loop;
    return made;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("lines", "0001_initial")]

    operations = [
        migrations.RunSQL(REFUSE, "drop function denchi_refuse_update()"),
        *[
            migrations.RunSQL(
                f"create trigger refuse_update before update on {table}"
                " for each row execute function denchi_refuse_update()",
                f"drop trigger refuse_update on {table}",
            )
            for table in FACTS
        ],
        migrations.RunSQL(PARTITIONS, "drop function denchi_ensure_partitions(text, date, integer)"),
    ]
