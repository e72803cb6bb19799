"""Where on a roll: maps of metres, what was seen on them, what was cut out; parts taken out again at rework."""

import django.contrib.postgres.fields
import django.db.models.deletion
from django.db import migrations, models

# `select l.*` fixes its columns when the view is made.
_CURRENT = (
    "create view traceability_currentlink as select l.* from traceability_genealogylink l where not exists"
    " (select 1 from traceability_correction c where c.removed_link_id = l.id)"
)
_NOT_ENDED = " and not exists (select 1 from traceability_linkend e where e.link_id = l.id)"
# What was in a unit once, with the time at which it was taken out; without what was never in it.
_EVER = (
    "create view traceability_everlink as select l.*, e.at as ended_at from traceability_genealogylink l"
    " left join traceability_linkend e on e.link_id = l.id where not exists"
    " (select 1 from traceability_correction c where c.removed_link_id = l.id)"
)
_FACTS = ["traceability_rollmark", "traceability_rollscan", "traceability_rollcut", "traceability_linkend"]


def _id():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


def _record(help_text=""):
    return models.ForeignKey(
        help_text=help_text, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lines.operationrecord"
    )


def _roll(name):
    return models.ForeignKey(
        db_index=False, on_delete=django.db.models.deletion.PROTECT, related_name=name, to="traceability.unit"
    )


def _side():
    return models.CharField(blank=True, choices=[("A", "Side A"), ("B", "Side B")], max_length=1)


class Migration(migrations.Migration):
    dependencies = [("traceability", "0002_containment_windows")]

    operations = [
        migrations.RunSQL("drop view traceability_currentlink", _CURRENT),
        migrations.AddField(
            model_name="genealogylink",
            name="delta_m",
            field=models.FloatField(help_text="How far the ends may lie off; none: not told.", null=True),
        ),
        migrations.AddField(
            model_name="genealogylink",
            name="is_flipped",
            field=models.BooleanField(db_default=False, default=False, help_text="Sides A and B changed."),
        ),
        migrations.AddField(
            model_name="genealogylink",
            name="is_mirrored",
            field=models.BooleanField(db_default=False, default=False, help_text="Lane k of n became n + 1 - k."),
        ),
        migrations.AddField(
            model_name="genealogylink",
            name="is_reversed",
            field=models.BooleanField(db_default=False, default=False, help_text="The input's end came first."),
        ),
        migrations.AddField(
            model_name="genealogylink",
            name="own_from_m",
            field=models.FloatField(help_text="On the output roll's own axis: where this input lies.", null=True),
        ),
        migrations.AddField(
            model_name="genealogylink",
            name="own_to_m",
            field=models.FloatField(null=True),
        ),
        migrations.AddField(
            model_name="unit",
            name="lanes",
            field=models.PositiveSmallIntegerField(help_text="Of a roll: how many lie side by side.", null=True),
        ),
        migrations.AddIndex(
            model_name="genealogylink",
            index=models.Index(
                condition=models.Q(("input_unit__isnull", False)),
                fields=["input_unit", "from_m"],
                name="link_input_unit",
            ),
        ),
        migrations.AlterField(
            model_name="genealogylink",
            name="input_unit",
            field=models.ForeignKey(
                db_index=False,
                null=True,
                on_delete=django.db.models.deletion.PROTECT,
                related_name="outputs",
                to="traceability.unit",
            ),
        ),
        migrations.AddConstraint(
            model_name="genealogylink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("own_from_m", None), ("own_to_m", None)),
                    ("own_from_m__lt", models.F("own_to_m")),
                    _connector="OR",
                ),
                name="link_own_range",
            ),
        ),
        migrations.CreateModel(
            name="LinkEnd",
            fields=[
                ("id", _id()),
                ("at", models.DateTimeField(help_text="End of the visit by the machine's clock.")),
                ("reason", models.CharField(blank=True, max_length=200)),
                (
                    "link",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="end",
                        to="traceability.genealogylink",
                    ),
                ),
                ("record", _record("That took it out.")),
            ],
        ),
        migrations.CreateModel(
            name="RollCut",
            fields=[
                ("id", _id()),
                ("lane", models.PositiveSmallIntegerField(help_text="None: the whole width.", null=True)),
                ("from_m", models.FloatField()),
                ("to_m", models.FloatField()),
                ("code", models.CharField(blank=True, help_text="Reason code.", max_length=24)),
                ("record", _record("That cut them out.")),
                ("roll", _roll("cuts")),
            ],
            options={
                "indexes": [models.Index(fields=["roll", "from_m"], name="cut_roll")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("from_m__lt", models.F("to_m"))), name="cut_range")
                ],
            },
        ),
        migrations.CreateModel(
            name="RollMark",
            fields=[
                ("id", _id()),
                ("from_m", models.FloatField(help_text="On the roll's own axis.")),
                ("to_m", models.FloatField(help_text="Equal to from_m for a point.")),
                ("lane", models.PositiveSmallIntegerField(help_text="None: not told, it may be any.", null=True)),
                ("side", _side()),
                ("y_mm", models.FloatField(help_text="Across the web, from the operator side.", null=True)),
                ("code", models.CharField(help_text="Reason code.", max_length=24)),
                ("size_mm", models.FloatField(null=True)),
                ("record", _record()),
                ("roll", _roll("marks")),
            ],
            options={
                "indexes": [models.Index(fields=["roll", "from_m"], name="mark_roll")],
                "constraints": [
                    models.CheckConstraint(condition=models.Q(("from_m__lte", models.F("to_m"))), name="mark_range")
                ],
            },
        ),
        migrations.CreateModel(
            name="RollScan",
            fields=[
                ("id", _id()),
                ("characteristic", models.CharField(max_length=24)),
                ("side", _side()),
                ("at_m", models.FloatField(help_text="On the roll's own axis.")),
                (
                    "values",
                    django.contrib.postgres.fields.ArrayField(base_field=models.FloatField(), size=None),
                ),
                ("gauge", models.CharField(blank=True, max_length=32)),
                ("record", _record()),
                ("roll", _roll("scans")),
            ],
            options={
                "indexes": [models.Index(fields=["roll", "characteristic", "at_m"], name="scan_roll")],
            },
        ),
        migrations.RunSQL(_CURRENT + _NOT_ENDED, "drop view traceability_currentlink"),
        migrations.RunSQL(_EVER, "drop view traceability_everlink"),
        *[
            migrations.RunSQL(
                f"create trigger refuse_update before update on {table}"
                " for each row execute function denchi_refuse_update()",
                f"drop trigger refuse_update on {table}",
            )
            for table in _FACTS
        ],
    ]
