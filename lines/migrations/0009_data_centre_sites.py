from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lines", "0008_committed_ranges")]

    operations = [
        migrations.CreateModel(
            name="DataCentreSite",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_en", models.CharField(max_length=120)),
                ("name_ja", models.CharField(max_length=120)),
                ("code", models.CharField(max_length=32, unique=True)),
                ("country", models.CharField(help_text="ISO 3166, two letters.", max_length=2)),
                ("latitude", models.FloatField(blank=True, help_text="Degrees north.", null=True)),
                ("longitude", models.FloatField(blank=True, help_text="Degrees east.", null=True)),
            ],
            options={"ordering": ["code"]},
        ),
        migrations.AlterField(
            model_name="materialdefinition",
            name="tracking",
            field=models.CharField(
                choices=[
                    ("LOT", "Material lot"),
                    ("SLURRY_BATCH", "Slurry batch"),
                    ("ROLL", "Roll"),
                    ("JELLY_ROLL", "Jelly roll"),
                    ("STACK", "Stack"),
                    ("CELL", "Cell"),
                    ("MODULE", "Module"),
                    ("PACK", "Pack"),
                    ("CONTAINER", "Container"),
                ],
                max_length=16,
            ),
        ),
    ]
