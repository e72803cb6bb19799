from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("traceability", "0004_shipments")]

    operations = []
