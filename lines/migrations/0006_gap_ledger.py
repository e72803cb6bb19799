import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0005_cold_telemetry"),
    ]

    operations = [
        migrations.CreateModel(
            name="LedgerNews",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=64)),
                ("sequence", models.BigIntegerField()),
                ("received_at", models.DateTimeField(help_text="By the gateway's clock.")),
                ("taken_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("stations", models.JSONField(help_text="What it says of each station, see services.record.")),
                (
                    "times",
                    models.BinaryField(help_text="Distinct source times of counted values, and how many of each."),
                ),
                ("notes", models.JSONField()),
            ],
        ),
        migrations.CreateModel(
            name="LedgerRun",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("evaluated_at", models.DateTimeField()),
                ("listening_since", models.DateTimeField()),
            ],
        ),
        migrations.CreateModel(
            name="LedgerSource",
            fields=[
                ("source", models.CharField(max_length=64, primary_key=True, serialize=False)),
                ("contiguous_to", models.BigIntegerField()),
                (
                    "ahead",
                    models.JSONField(
                        default=dict, help_text="Batches behind a hole: receipt in microseconds by sequence."
                    ),
                ),
                ("settled_us", models.BigIntegerField(help_text="Receipt of the last batch before the first hole.")),
                ("heard_at", models.DateTimeField(help_text="Our clock.")),
                ("servers", models.JSONField(default=dict, help_text="By code, as in its last heartbeat.")),
                ("backlog", models.BigIntegerField(default=0, help_text="Batches not yet delivered.")),
                ("spool_share", models.FloatField(default=0, help_text="How full the spool is, 0 to 1.")),
                (
                    "is_current",
                    models.BooleanField(default=True, help_text="False: another source speaks for its servers now."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="StationTally",
            fields=[
                (
                    "station",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="tally",
                        serialize=False,
                        to="lines.station",
                    ),
                ),
                ("source", models.CharField(max_length=64)),
                ("state", models.BinaryField()),
                ("is_open", models.BooleanField(default=False, help_text="Time alone may still change what is known.")),
                (
                    "counting_since",
                    models.DateTimeField(help_text="Source time of the first reading; null: no counter.", null=True),
                ),
                ("counted_until", models.DateTimeField(help_text="Source time of the newest reading.", null=True)),
                (
                    "clock_us",
                    models.BigIntegerField(default=0, help_text="Source time less receipt of the newest reading."),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Gap",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("CUT", "Connection cut"),
                            ("SERVER_RESTART", "OPC UA server restarted"),
                            ("GATEWAY_RESTART", "Gateway restarted"),
                            ("SEQUENCE", "Notification missing"),
                            ("OVERFLOW", "Queue of the server ran over"),
                            ("SPOOL_FULL", "Spool full"),
                            ("NODE_GONE", "Node gone"),
                            ("SILENT", "No news of the gateway"),
                            ("UNEXPLAINED", "Cause not known"),
                        ],
                        max_length=16,
                    ),
                ),
                (
                    "event",
                    models.CharField(
                        help_text="What it is part of: one cut is a gap of several stations.", max_length=80
                    ),
                ),
                ("since", models.DateTimeField(help_text="By the station's clock.")),
                ("until", models.DateTimeField(help_text="By the station's clock; null: still open.", null=True)),
                ("opened_at", models.DateTimeField(help_text="By the gateway's clock.")),
                ("closed_at", models.DateTimeField(help_text="By the gateway's clock.", null=True)),
                (
                    "recovered",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("NONE", "Not recovered"),
                            ("REACTIVATED", "Session taken up again"),
                            ("TRANSFERRED", "Subscriptions transferred"),
                            ("HISTORY", "Read from the server's history"),
                            ("SPOOL", "Delivered late by the gateway"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "decided_at",
                    models.DateTimeField(
                        help_text="When it was known whether values are missing; our clock.", null=True
                    ),
                ),
                ("lost", models.BigIntegerField(help_text="Values missing; null: not known.", null=True)),
                ("is_exact", models.BooleanField(default=True, help_text="False: at least so many.")),
                ("found_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "alarm",
                    models.ForeignKey(
                        null=True, on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lines.alarm"
                    ),
                ),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="gaps", to="lines.station"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LedgerHour",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("hour", models.DateTimeField(db_index=True)),
                ("received", models.BigIntegerField(default=0, help_text="Kept, each once.")),
                (
                    "late",
                    models.BigIntegerField(
                        default=0, help_text="Of those: came after a newer value of the same signal."
                    ),
                ),
                ("duplicates", models.BigIntegerField(default=0)),
                ("rejected", models.BigIntegerField(default=0)),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="ledger_hours", to="lines.station"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Loss",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("since", models.DateTimeField(help_text="By the station's clock.")),
                ("until", models.DateTimeField(help_text="By the station's clock.")),
                ("lost", models.BigIntegerField()),
                ("is_exact", models.BooleanField(default=True)),
                (
                    "gap",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE, related_name="losses", to="lines.gap"
                    ),
                ),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="lines.station"
                    ),
                ),
            ],
        ),
        migrations.AddIndex(
            model_name="gap",
            index=models.Index(fields=["station", "-since"], name="gap_station_since"),
        ),
        migrations.AddIndex(
            model_name="gap",
            index=models.Index(fields=["decided_at"], name="gap_decided_at"),
        ),
        migrations.AddConstraint(
            model_name="gap",
            constraint=models.UniqueConstraint(fields=("station", "event"), name="gap_station_event"),
        ),
        migrations.AddConstraint(
            model_name="ledgerhour",
            constraint=models.UniqueConstraint(fields=("station", "hour"), name="ledger_station_hour"),
        ),
        migrations.AddIndex(
            model_name="loss",
            index=models.Index(fields=["station", "until"], name="loss_station_until"),
        ),
        migrations.AddConstraint(
            model_name="loss",
            constraint=models.UniqueConstraint(fields=("station", "since"), name="loss_station_since"),
        ),
    ]
