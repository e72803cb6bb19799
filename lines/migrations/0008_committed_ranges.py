from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("lines", "0007_spool")]

    operations = [
        migrations.CreateModel(
            name="CommittedRange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("source", models.CharField(max_length=64)),
                ("first", models.BigIntegerField()),
                ("last", models.BigIntegerField()),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("source", "first"), name="committed_source_first")],
            },
        ),
    ]
