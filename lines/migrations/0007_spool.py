from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lines", "0006_gap_ledger")]

    operations = []
