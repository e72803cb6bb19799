from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lines", "0008_committed_ranges")]

    operations = []
