from django.db import migrations


class Migration(migrations.Migration):
    dependencies = [("lines", "0003_stations_post")]

    operations = []
