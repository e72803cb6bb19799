from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0009_data_centre_sites"),
        ("traceability", "0009_seen_when"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="genealogylink",
            name="link_range",
        ),
        migrations.RemoveConstraint(
            model_name="genealogylink",
            name="link_own_range",
        ),
        migrations.RemoveConstraint(
            model_name="rollcut",
            name="cut_range",
        ),
        migrations.RemoveConstraint(
            model_name="rollmark",
            name="mark_range",
        ),
        migrations.AddConstraint(
            model_name="genealogylink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("from_m", None), ("to_m", None)),
                    models.Q(
                        ("from_m__gte", 0),
                        ("from_m__isnull", False),
                        ("to_m__isnull", False),
                        ("from_m__lt", models.F("to_m")),
                    ),
                    _connector="OR",
                ),
                name="link_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="genealogylink",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("own_from_m", None), ("own_to_m", None)),
                    models.Q(
                        ("own_from_m__gte", 0),
                        ("own_from_m__isnull", False),
                        ("own_to_m__isnull", False),
                        ("own_from_m__lt", models.F("own_to_m")),
                    ),
                    _connector="OR",
                ),
                name="link_own_range",
            ),
        ),
        migrations.AddConstraint(
            model_name="rollcut",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_m__gte", 0), ("from_m__lt", models.F("to_m"))), name="cut_range"
            ),
        ),
        migrations.AddConstraint(
            model_name="rollmark",
            constraint=models.CheckConstraint(
                condition=models.Q(("from_m__gte", 0), ("from_m__lte", models.F("to_m"))), name="mark_range"
            ),
        ),
    ]
