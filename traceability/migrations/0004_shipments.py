import django.db.models.deletion
from django.db import migrations, models


def _id():
    return models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")


class Migration(migrations.Migration):
    dependencies = [("traceability", "0003_roll_positions"), ("lines", "0009_data_centre_sites")]

    operations = [
        migrations.AlterField(
            model_name="unit",
            name="state",
            field=models.CharField(
                choices=[
                    ("IN_PROCESS", "In process"),
                    ("COMPLETED", "Completed its route"),
                    ("CONSUMED", "Built into another unit"),
                    ("SCRAPPED", "Scrapped"),
                    ("RETURNED", "Returned to the supplier"),
                    ("SHIPPED", "Shipped to a data centre"),
                ],
                default="IN_PROCESS",
                max_length=12,
            ),
        ),
        migrations.CreateModel(
            name="Shipment",
            fields=[
                ("id", _id()),
                ("number", models.CharField(max_length=40, unique=True)),
                ("shipped_at", models.DateTimeField(db_index=True)),
                ("by", models.CharField(max_length=120)),
                ("created_at", models.DateTimeField()),
                (
                    "site",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shipments", to="lines.datacentresite"
                    ),
                ),
            ],
            options={"ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="ShippedUnit",
            fields=[
                ("id", _id()),
                ("returned_at", models.DateTimeField(help_text="None: it is still there.", null=True)),
                ("returned_by", models.CharField(blank=True, db_default="", max_length=120)),
                (
                    "reason",
                    models.CharField(blank=True, db_default="", help_text="Why it came back.", max_length=200),
                ),
                (
                    "shipment",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="units", to="traceability.shipment"
                    ),
                ),
                (
                    "unit",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="shipped", to="traceability.unit"
                    ),
                ),
            ],
            options={
                "constraints": [
                    models.UniqueConstraint(fields=("shipment", "unit"), name="shipped_unit_once"),
                    models.UniqueConstraint(
                        condition=models.Q(("returned_at", None)), fields=("unit",), name="shipped_unit_in_one_place"
                    ),
                ],
            },
        ),
    ]
