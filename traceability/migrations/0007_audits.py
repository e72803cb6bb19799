from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("traceability", "0006_common_causes")]

    operations = []
