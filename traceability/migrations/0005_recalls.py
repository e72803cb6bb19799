import django.db.models.deletion
from django.db import migrations, models

# A link that is deleted outside of any record or correction leaves no other trace of the unit that lost it.
_NOTE_LOST = """
create function traceability_note_lost_links() returns trigger language plpgsql as $$
begin
    insert into traceability_linktocheck (unit_id)
    select distinct gone.output_id from gone join traceability_unit u on u.id = gone.output_id on conflict do nothing;
    insert into traceability_lostlink (unit_id, record_id, operation, input_unit_id, input_lot_id, material, position,
                                       from_m, own_from_m, own_to_m, last_at, lost_at)
    select gone.output_id, gone.record_id, coalesce(r.operation, ''), gone.input_unit_id, gone.input_lot_id,
           coalesce(t.material_code, d.code, ''), gone.position, gone.from_m, gone.own_from_m, gone.own_to_m,
           case when gone.basis = 'CORRECTED' or r.id is null then now() else r.received_at end, now()
    from gone join traceability_unit u on u.id = gone.output_id
    left join lines_operationrecord r on r.id = gone.record_id
    left join traceability_lot t on t.id = gone.input_lot_id
    left join traceability_unit i on i.id = gone.input_unit_id
    left join lines_materialdefinition d on d.id = i.definition_id;
    return null;
end $$;
create trigger note_lost_links after delete on traceability_genealogylink
    referencing old table as gone for each statement execute function traceability_note_lost_links()
"""
_NOTE_NOTHING = """
drop trigger note_lost_links on traceability_genealogylink;
drop function traceability_note_lost_links()
"""


def _id():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("traceability", "0004_shipments")]

    operations = [
        migrations.CreateModel(
            name="LinkCheck",
            fields=[
                ("id", models.PositiveSmallIntegerField(default=1, primary_key=True, serialize=False)),
                (
                    "checked_at",
                    models.DateTimeField(help_text="Records received until a while before this are looked at."),
                ),
                ("unit_id", models.BigIntegerField(help_text="So are units up to this one.")),
            ],
        ),
        migrations.CreateModel(
            name="LinkToCheck",
            fields=[
                (
                    "unit",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="+",
                        serialize=False,
                        to="traceability.unit",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LostLink",
            fields=[
                ("id", _id()),
                ("record_id", models.BigIntegerField()),
                ("operation", models.CharField(blank=True, max_length=64)),
                ("input_unit_id", models.BigIntegerField(null=True)),
                ("input_lot_id", models.BigIntegerField(null=True)),
                (
                    "material",
                    models.CharField(blank=True, help_text="Its code; empty: not known.", max_length=64),
                ),
                ("position", models.PositiveSmallIntegerField(null=True)),
                ("from_m", models.FloatField(null=True)),
                ("own_from_m", models.FloatField(null=True)),
                ("own_to_m", models.FloatField(null=True)),
                ("last_at", models.DateTimeField(help_text="Our clock: it was taken in by then.")),
                ("lost_at", models.DateTimeField()),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to="traceability.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Recall",
            fields=[
                ("id", _id()),
                (
                    "token",
                    models.CharField(
                        help_text="Of the form or request: sent twice, it is one.", max_length=36, unique=True
                    ),
                ),
                ("asked", models.JSONField(help_text="The suspect.")),
                ("subject", models.CharField(help_text="The suspect in words.", max_length=300)),
                ("reason", models.CharField(max_length=200)),
                ("made_at", models.DateTimeField()),
                ("made_by", models.CharField(help_text="User name.", max_length=150)),
                (
                    "n_recorded",
                    models.PositiveIntegerField(help_text="Units with it in them, recorded all the way."),
                ),
                (
                    "n_inferred",
                    models.PositiveIntegerField(help_text="By what was mounted, or within an uncertainty."),
                ),
                ("n_possible", models.PositiveIntegerField(help_text="Behind a link that is missing.")),
                ("n_missing", models.PositiveIntegerField(help_text="Links missing on the way.")),
                ("n_shipped", models.PositiveIntegerField(help_text="Units of all three that had left the plant.")),
                ("content_sha256", models.CharField(max_length=64)),
                (
                    "hold",
                    models.ForeignKey(
                        help_text="None: a drill.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="recalls",
                        to="traceability.hold",
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="RecallContent",
            fields=[
                (
                    "recall",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="content",
                        serialize=False,
                        to="traceability.recall",
                    ),
                ),
                ("compressed", models.BinaryField()),
            ],
        ),
        migrations.CreateModel(
            name="MissingLink",
            fields=[
                ("id", _id()),
                ("needed", models.PositiveSmallIntegerField()),
                ("found", models.PositiveSmallIntegerField()),
                ("last_at", models.DateTimeField(help_text="Our clock: it was taken in by then, if at all.")),
                (
                    "why",
                    models.CharField(
                        choices=[
                            ("BILL", "The bill or route asks for it"),
                            ("LOST", "A link was deleted"),
                            ("METRES", "Metres of the roll without any of it"),
                        ],
                        db_default="BILL",
                        default="BILL",
                        max_length=6,
                    ),
                ),
                (
                    "material",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lines.materialdefinition",
                    ),
                ),
                (
                    "step",
                    models.ForeignKey(
                        db_index=False,
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lines.routestep",
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="missing_links",
                        to="traceability.unit",
                    ),
                ),
            ],
            options={
                "indexes": [
                    models.Index(fields=["material", "last_at"], name="missing_link_material"),
                    models.Index(
                        condition=models.Q(("material", None)), fields=["step", "last_at"], name="missing_link_step"
                    ),
                ]
            },
        ),
        migrations.RunSQL(_NOTE_LOST, _NOTE_NOTHING),
        *[
            migrations.RunSQL(
                f"create trigger refuse_update before update on {table}"
                " for each row execute function denchi_refuse_update()",
                f"drop trigger refuse_update on {table}",
            )
            for table in ("traceability_recall", "traceability_recallcontent")
        ],
    ]
