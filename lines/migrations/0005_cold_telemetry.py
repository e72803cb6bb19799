from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lines", "0004_signal_nodes")]

    operations = []
