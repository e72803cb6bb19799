from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lines", "0006_gap_ledger")]

    operations = [
        migrations.CreateModel(
            name="QuarantinedBatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(help_text="Gateway and its spool, e.g. L1-3f2a.", max_length=64)),
                ("sequence", models.BigIntegerField()),
                ("received_at", models.DateTimeField(help_text="When the worker gave it up.")),
                ("code", models.CharField(help_text="Why, by the table of codes.", max_length=24)),
                ("detail", models.TextField(help_text="The error as the worker met it.")),
                ("content", models.BinaryField(help_text="As the gateway sent it.")),
                ("content_sha256", models.CharField(max_length=64)),
                ("notes_taken", models.BooleanField(default=False, help_text="The ledger has its notes already.")),
                ("settled_at", models.DateTimeField(null=True)),
                ("settled_by", models.CharField(blank=True, max_length=150)),
                (
                    "settlement",
                    models.CharField(
                        blank=True,
                        choices=[("STORED", "Stored after all"), ("DISCARDED", "Discarded")],
                        max_length=12,
                    ),
                ),
                ("note", models.TextField(blank=True)),
            ],
            options={
                "verbose_name_plural": "quarantined batches",
                "ordering": ["-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("source", "sequence"), name="quarantine_source_sequence")
                ],
            },
        ),
        migrations.AlterModelOptions(name="ledgernews", options={"verbose_name_plural": "ledger news"}),
        migrations.AlterModelOptions(name="loss", options={"verbose_name_plural": "losses"}),
        migrations.AlterModelOptions(name="pending", options={"verbose_name_plural": "pending"}),
        migrations.AlterModelOptions(name="signallatest", options={"verbose_name_plural": "latest values"}),
        migrations.AlterModelOptions(name="stationstatus", options={"verbose_name_plural": "station statuses"}),
        migrations.AlterModelOptions(name="stationtally", options={"verbose_name_plural": "station tallies"}),
        migrations.AlterModelOptions(name="telemetrybatch", options={"verbose_name_plural": "telemetry batches"}),
    ]
