import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0007_spool"),
        ("quality", "0004_reactions"),
    ]

    operations = [
        migrations.CreateModel(
            name="ProcessChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "product",
                    models.CharField(blank=True, db_default="", help_text="Empty: whatever is made.", max_length=32),
                ),
                ("at", models.DateTimeField(help_text="Machine time.")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("MAN", "Man"),
                            ("MACHINE", "Machine"),
                            ("MATERIAL", "Material"),
                            ("METHOD", "Method"),
                        ],
                        max_length=8,
                    ),
                ),
                (
                    "subject",
                    models.CharField(
                        blank=True, db_default="", help_text="What has one value at a time.", max_length=48
                    ),
                ),
                ("value", models.CharField(blank=True, db_default="", max_length=120)),
                (
                    "is_first",
                    models.BooleanField(db_default=False, default=False, help_text="The first value seen: not marked."),
                ),
                ("text_en", models.CharField(max_length=200)),
                ("text_ja", models.CharField(max_length=200)),
                (
                    "noted_by",
                    models.CharField(
                        blank=True, db_default="", help_text="Empty: found in the records.", max_length=150
                    ),
                ),
                ("noted_at", models.DateTimeField()),
                (
                    "station",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="process_changes",
                        to="lines.station",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "indexes": [
                    models.Index(fields=["station", "at"], name="process_change_at"),
                    models.Index(fields=["station", "product", "subject", "-at"], name="process_change_subject"),
                ],
            },
        ),
        migrations.AddIndex(
            model_name="signal",
            index=models.Index(fields=["plan", "stream", "-id"], name="signal_of_stream"),
        ),
    ]
