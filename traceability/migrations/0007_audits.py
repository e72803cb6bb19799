import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("traceability", "0006_common_causes")]

    operations = [
        migrations.CreateModel(
            name="AuditQuery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("LIST", "Units by a filter"),
                            ("SAMPLE", "Random sample"),
                            ("HISTORY", "History file of a unit"),
                            ("BUNDLE", "Archive of history files"),
                            ("VERIFY", "A file or code verified"),
                        ],
                        max_length=8,
                    ),
                ),
                ("by", models.CharField(help_text="User name.", max_length=150)),
                ("role", models.CharField(help_text="As it was then.", max_length=16)),
                ("at", models.DateTimeField()),
                ("by_api", models.BooleanField(db_default=False, default=False)),
                ("asked", models.JSONField(default=dict, help_text="The filter, complete; serial, code or hash.")),
                ("n_units", models.BigIntegerField(help_text="How many it found.", null=True)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["by", "-id"], name="audit_query_by")],
            },
        ),
        migrations.CreateModel(
            name="Bundle",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked", models.JSONField(help_text="The filter, and how many units it found.")),
                ("serials", models.JSONField(help_text="The units in it, as chosen when it was asked for.")),
                (
                    "seed",
                    models.CharField(
                        blank=True, help_text="Of the sample; empty: all units of the filter.", max_length=32
                    ),
                ),
                ("language", models.CharField(max_length=2)),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("QUEUED", "Waiting"),
                            ("RUNNING", "Being made"),
                            ("DONE", "Ready"),
                            ("FAILED", "Failed"),
                            ("CANCELLED", "Cancelled"),
                        ],
                        default="QUEUED",
                        max_length=10,
                    ),
                ),
                ("progress", models.PositiveSmallIntegerField(db_default=0, default=0, help_text="Percent.")),
                ("requested_by", models.CharField(help_text="User name.", max_length=150)),
                ("requested_at", models.DateTimeField()),
                ("started_at", models.DateTimeField(null=True)),
                (
                    "alive_at",
                    models.DateTimeField(help_text="Last sign of life of the worker that makes it.", null=True),
                ),
                ("finished_at", models.DateTimeField(null=True)),
                ("cancel_asked_by", models.CharField(blank=True, db_default="", max_length=150)),
                ("code", models.CharField(blank=True, db_default="", help_text="Why it failed.", max_length=16)),
                ("detail", models.CharField(blank=True, db_default="", max_length=500)),
                (
                    "name",
                    models.CharField(
                        blank=True, db_default="", help_text='Of the file, in storage "reports".', max_length=120
                    ),
                ),
                ("n_bytes", models.PositiveBigIntegerField(null=True)),
                ("sha256", models.CharField(blank=True, db_default="", max_length=64)),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["QUEUED", "RUNNING"])), fields=["id"], name="bundle_to_do"
                    )
                ],
            },
        ),
        migrations.CreateModel(
            name="HistoryFile",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("code", models.CharField(help_text="Short form of the hash, as printed.", max_length=19, unique=True)),
                ("content_sha256", models.CharField(max_length=64, unique=True)),
                ("n_records", models.PositiveIntegerField()),
                ("n_values", models.PositiveIntegerField()),
                ("first_issued_at", models.DateTimeField()),
                ("first_issued_by", models.CharField(help_text="User name.", max_length=150)),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="+", to="traceability.unit"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="IssuedPrint",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sha256", models.CharField(max_length=64, unique=True)),
                ("language", models.CharField(max_length=2)),
                ("issued_at", models.DateTimeField()),
                ("issued_by", models.CharField(help_text="User name.", max_length=150)),
                (
                    "history",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="prints",
                        to="traceability.historyfile",
                    ),
                ),
            ],
        ),
        # What an auditor rests on: who asked what, and what was handed out.
        *[
            migrations.RunSQL(
                f"create trigger refuse_change before update or delete on {table}"
                " for each row execute function denchi_refuse_update()",
                f"drop trigger refuse_change on {table}",
            )
            for table in ("traceability_auditquery", "traceability_historyfile", "traceability_issuedprint")
        ],
    ]
