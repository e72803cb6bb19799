from django.db import migrations, models


def _xid() -> "models.BigIntegerField[int, int]":
    return models.BigIntegerField(db_default=models.Func(function="denchi_xid", output_field=models.BigIntegerField()))


class Migration(migrations.Migration):
    """Links, their ends and corrections say which transaction stored them: ids alone commit out of order. What is there
    already is of this migration's transaction, so older than every page that will be read."""

    dependencies = [("lines", "0001_initial"), ("traceability", "0008_no_jit")]

    operations = [
        migrations.AddField("genealogylink", "xid", _xid()),
        migrations.AddField("linkend", "xid", _xid()),
        migrations.AddField("correction", "xid", _xid()),
    ]
