"""Analyses of what failed units have in common."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("traceability", "0005_recalls")]

    operations = [
        migrations.CreateModel(
            name="CauseAnalysis",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("asked", models.JSONField(help_text="What it is about (traceability.causes.asked).")),
                (
                    "state",
                    models.CharField(
                        choices=[
                            ("QUEUED", "Waiting"),
                            ("RUNNING", "Running"),
                            ("DONE", "Done"),
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
                ("alive_at", models.DateTimeField(help_text="Last sign of life of what makes it.", null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                ("cancel_asked_by", models.CharField(blank=True, db_default="", max_length=150)),
                (
                    "code",
                    models.CharField(blank=True, db_default="", help_text="Why it failed.", max_length=16),
                ),
                ("detail", models.CharField(blank=True, db_default="", max_length=500)),
                ("result", models.JSONField(help_text="As the API tells it.", null=True)),
                ("n_failed", models.PositiveIntegerField(null=True)),
                ("n_findings", models.PositiveIntegerField(null=True)),
            ],
            options={
                "verbose_name_plural": "cause analyses",
                "ordering": ["-id"],
                "indexes": [
                    models.Index(
                        condition=models.Q(("state__in", ["QUEUED", "RUNNING"])), fields=["id"], name="cause_to_do"
                    )
                ],
            },
        ),
    ]
