from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0007_measurement_trust"),
    ]

    operations = [
        migrations.AddField(
            model_name="chartstream",
            name="is_full",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="PERIOD: the newest point has all it can hold, its period goes on.",
            ),
        ),
    ]
