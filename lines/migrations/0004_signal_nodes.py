import django.core.validators
import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0003_stations_post"),
    ]

    operations = [
        migrations.CreateModel(
            name="NodeFault",
            fields=[
                (
                    "signal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        primary_key=True,
                        related_name="fault",
                        serialize=False,
                        to="lines.signal",
                    ),
                ),
                ("code", models.CharField(help_text="Error code, see docs/errors.md.", max_length=16)),
                ("detail", models.CharField(blank=True, max_length=300)),
                ("since", models.DateTimeField()),
            ],
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="authentication",
            field=models.CharField(
                choices=[
                    ("ANONYMOUS", "Anonymous"),
                    ("USER_NAME", "User name and password"),
                    ("CERTIFICATE", "Certificate"),
                ],
                default="ANONYMOUS",
                db_default="ANONYMOUS",
                max_length=12,
            ),
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="historises",
            field=models.BooleanField(
                default=False, db_default=False, help_text="It keeps values that can be read after a cut."
            ),
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="lifetime_s",
            field=models.PositiveIntegerField(
                default=120,
                db_default=120,
                help_text="How long session and subscriptions outlive a cut, at least 60.",
                validators=[django.core.validators.MinValueValidator(60)],
            ),
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="publishing_ms",
            field=models.PositiveIntegerField(default=100, db_default=100, help_text="How often it sends what it has."),
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="queue_size",
            field=models.PositiveIntegerField(
                default=2000, db_default=2000, help_text="Values it keeps for each variable."
            ),
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="sampling_ms",
            field=models.PositiveIntegerField(
                default=0, db_default=0, help_text="How often it looks at a variable; 0: each write."
            ),
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="security_policy",
            field=models.CharField(
                choices=[
                    ("None", "None"),
                    ("Basic256Sha256", "Basic256Sha256"),
                    ("Aes256Sha256RsaPss", "Aes256_Sha256_RsaPss"),
                ],
                default="None",
                db_default="None",
                max_length=24,
            ),
        ),
        migrations.AddField(
            model_name="opcuaserver",
            name="user_name",
            field=models.CharField(
                blank=True, db_default="", help_text="The password lies in a file, never here.", max_length=120
            ),
        ),
        migrations.AddField(
            model_name="signal",
            name="deadband",
            field=models.FloatField(
                blank=True,
                help_text="Smaller changes are not sent. Then no count can prove that none was lost.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="signal",
            name="elements",
            field=models.PositiveSmallIntegerField(
                default=0, db_default=0, help_text="Length of the array it is an element of; 0: none."
            ),
        ),
        migrations.AddField(
            model_name="signal",
            name="field",
            field=models.CharField(
                blank=True, db_default="", help_text="Names with dots, where the value is a structure.", max_length=120
            ),
        ),
        migrations.AddField(
            model_name="signal",
            name="node",
            field=models.CharField(
                blank=True,
                db_default="",
                help_text="nsu=<uri>;s=<id>, nsu=<uri>;i=<id>, or names from /Objects/ down; empty: by station and code.",
                max_length=400,
            ),
        ),
        migrations.AddField(
            model_name="signal",
            name="queue_size",
            field=models.PositiveIntegerField(blank=True, help_text="Empty: as the server's.", null=True),
        ),
        migrations.AddField(
            model_name="signal",
            name="sampling_ms",
            field=models.PositiveIntegerField(blank=True, help_text="Empty: as the server's.", null=True),
        ),
        migrations.AlterField(
            model_name="signal",
            name="code",
            field=models.CharField(
                help_text="Browse name, unique in the station; an array's elements end in [0], [1] and so on.",
                max_length=48,
            ),
        ),
        migrations.AddConstraint(
            model_name="opcuaserver",
            constraint=models.CheckConstraint(condition=models.Q(("lifetime_s__gte", 60)), name="server_lifetime"),
        ),
        migrations.AddConstraint(
            model_name="signal",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("elements", 0), models.Q(("code__regex", "\\[\\d{1,4}\\]$"), ("field", "")), _connector="OR"
                ),
                name="signal_element",
            ),
        ),
    ]
