from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("traceability", "0003_roll_positions"), ("lines", "0009_data_centre_sites")]

    operations = []
