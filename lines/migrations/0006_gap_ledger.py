from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lines", "0005_cold_telemetry")]

    operations = []
