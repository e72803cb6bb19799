from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("traceability", "0001_initial"),
        ("quality", "0004_reactions"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="hold",
            name="hold_scope_named",
        ),
        migrations.AddField(
            model_name="containment",
            name="change_point",
            field=models.DateTimeField(help_text="Machine time of the estimated change.", null=True),
        ),
        migrations.AddField(
            model_name="containment",
            name="model",
            field=models.CharField(
                blank=True, db_default="", help_text="STEP, DRIFT or SCALE: what fits best.", max_length=8
            ),
        ),
        migrations.AddField(
            model_name="containment",
            name="verified_from",
            field=models.DateTimeField(
                help_text="Where the last verification that passed before the signal begins.", null=True
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="by_overlap",
            field=models.BooleanField(
                db_default=False,
                help_text="SIGNAL: visits that overlap the window; otherwise those that end within it.",
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="characteristic",
            field=models.CharField(
                blank=True, db_default="", help_text="SIGNAL: measured in the visit at `position`.", max_length=24
            ),
        ),
        migrations.AddField(
            model_name="hold",
            name="position",
            field=models.CharField(blank=True, db_default="", help_text="SIGNAL; empty: any.", max_length=48),
        ),
        migrations.AddField(
            model_name="hold",
            name="product",
            field=models.CharField(blank=True, db_default="", help_text="SIGNAL: of the visit.", max_length=32),
        ),
        migrations.AddField(
            model_name="hold",
            name="recipe",
            field=models.CharField(
                blank=True, db_default="", help_text="SIGNAL: of the visit; empty: any.", max_length=64
            ),
        ),
        migrations.AlterField(
            model_name="hold",
            name="scope",
            field=models.CharField(
                choices=[
                    ("UNIT", "Unit"),
                    ("LOT", "Lot"),
                    ("TRAY", "Tray"),
                    ("ROLL_RANGE", "Metres of a roll"),
                    ("STATION", "Station, in a time window"),
                    ("CHANNEL", "Channel, in a time window"),
                    ("UNITS", "Units behind a signal"),
                    ("SIGNAL", "What a station made while a control chart signalled"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="hold",
            name="window_from",
            field=models.DateTimeField(help_text="STATION, CHANNEL, SIGNAL: machine time.", null=True),
        ),
        migrations.AddConstraint(
            model_name="hold",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("scope__in", ["UNIT", "ROLL_RANGE"]), ("unit__isnull", False)),
                    models.Q(("scope", "LOT"), ("lot__isnull", False)),
                    models.Q(("scope", "TRAY"), models.Q(("tray", ""), _negated=True)),
                    models.Q(("scope", "STATION"), ("station__isnull", False)),
                    models.Q(("scope", "CHANNEL"), models.Q(("channel", ""), _negated=True)),
                    ("scope", "UNITS"),
                    models.Q(("scope", "SIGNAL"), ("station__isnull", False), ("window_from__isnull", False)),
                    _connector="OR",
                ),
                name="hold_scope_named",
            ),
        ),
    ]
