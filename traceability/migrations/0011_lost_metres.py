from django.db import migrations, models

# As before (0005), and the metres to their end and the lane: a roll's page draws them as not proven.
_NOTE_LOST = """
create or replace function traceability_note_lost_links() returns trigger language plpgsql as $$
begin
    insert into traceability_linktocheck (unit_id)
    select distinct gone.output_id from gone join traceability_unit u on u.id = gone.output_id on conflict do nothing;
    insert into traceability_lostlink (unit_id, record_id, operation, input_unit_id, input_lot_id, material, position,
                                       {metres}from_m, own_from_m, own_to_m, last_at, lost_at)
    select gone.output_id, gone.record_id, coalesce(r.operation, ''), gone.input_unit_id, gone.input_lot_id,
           coalesce(t.material_code, d.code, ''), gone.position, {gone}gone.from_m, gone.own_from_m, gone.own_to_m,
           case when gone.basis = 'CORRECTED' or r.id is null then now() else r.received_at end, now()
    from gone join traceability_unit u on u.id = gone.output_id
    left join lines_operationrecord r on r.id = gone.record_id
    left join traceability_lot t on t.id = gone.input_lot_id
    left join traceability_unit i on i.id = gone.input_unit_id
    left join lines_materialdefinition d on d.id = i.definition_id;
    return null;
end $$
"""


class Migration(migrations.Migration):
    dependencies = [("traceability", "0010_ranges_whole")]

    operations = [
        migrations.AddField("lostlink", "lane", models.PositiveSmallIntegerField(null=True)),
        migrations.AddField("lostlink", "to_m", models.FloatField(null=True)),
        migrations.RunSQL(
            _NOTE_LOST.format(metres="lane, to_m, ", gone="gone.lane, gone.to_m, "),
            _NOTE_LOST.format(metres="", gone=""),
        ),
    ]
