from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lines", "0004_signal_nodes")]

    operations = [
        migrations.CreateModel(
            name="SealedPartition",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("day", models.DateField(help_text="UTC day of receipt.")),
                (
                    "part",
                    models.PositiveSmallIntegerField(
                        help_text="1 is the day's partition; later parts came after sealing."
                    ),
                ),
                ("name", models.CharField(help_text="Of the file in the storage.", max_length=200)),
                ("rows", models.BigIntegerField()),
                ("size_bytes", models.BigIntegerField()),
                ("first_source_time", models.DateTimeField()),
                ("last_source_time", models.DateTimeField()),
                ("content_sha256", models.CharField(max_length=64)),
                ("sealed_at", models.DateTimeField()),
                ("removed_at", models.DateTimeField(help_text="When its time was over; the file is gone.", null=True)),
            ],
            options={
                "ordering": ["-day", "-part"],
            },
        ),
        migrations.AddIndex(
            model_name="telemetrybatch",
            index=models.Index(fields=["received_at"], name="batch_received_at"),
        ),
        migrations.AddConstraint(
            model_name="sealedpartition",
            constraint=models.UniqueConstraint(fields=("day", "part"), name="sealed_day_part"),
        ),
    ]
