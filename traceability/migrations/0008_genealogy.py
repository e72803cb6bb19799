from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("traceability", "0007_audits")]

    operations = []
