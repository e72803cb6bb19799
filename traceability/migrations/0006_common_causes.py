from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("traceability", "0005_recalls")]

    operations = []
