from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("traceability", "0002_containment_windows")]

    operations = []
