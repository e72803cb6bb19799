from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [
        ("traceability", "0001_initial"),
        ("quality", "0004_reactions"),
    ]

    operations = []
