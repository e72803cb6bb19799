import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0007_spool"),
        ("quality", "0003_limits_studies"),
    ]

    operations = [
        migrations.CreateModel(
            name="ReactionCode",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_en", models.CharField(max_length=120)),
                ("name_ja", models.CharField(max_length=120)),
                ("code", models.CharField(max_length=24, unique=True)),
                ("kind", models.CharField(choices=[("CAUSE", "Cause"), ("ACTION", "Action")], max_length=6)),
                (
                    "group",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("", "None"),
                            ("MAN", "People"),
                            ("MACHINE", "Machine"),
                            ("MATERIAL", "Material"),
                            ("METHOD", "Method"),
                            ("MEASUREMENT", "Measurement"),
                            ("ENVIRONMENT", "Environment"),
                        ],
                        default="",
                        max_length=12,
                    ),
                ),
                (
                    "is_false_alarm",
                    models.BooleanField(default=False, help_text="A cause that is none: nothing was found."),
                ),
                ("is_active", models.BooleanField(default=True)),
            ],
            options={
                "ordering": ["kind", "code"],
            },
        ),
        migrations.CreateModel(
            name="Reaction",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(blank=True, max_length=48)),
                ("opened_at", models.DateTimeField()),
                ("due_at", models.DateTimeField()),
                (
                    "worked_at",
                    models.DateTimeField(help_text="When the last step was answered: it stops the clock.", null=True),
                ),
                (
                    "verified_at",
                    models.DateTimeField(help_text="Machine time from which the station counts as good.", null=True),
                ),
                ("verified_by", models.CharField(blank=True, max_length=150)),
                (
                    "verification",
                    models.CharField(blank=True, help_text="What was measured, or how many points.", max_length=500),
                ),
                ("note", models.CharField(blank=True, max_length=500)),
                ("closed_at", models.DateTimeField(null=True)),
                ("closed_by", models.CharField(blank=True, max_length=150)),
                (
                    "alarm",
                    models.ForeignKey(
                        help_text="Of the first signal.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lines.alarm",
                    ),
                ),
                (
                    "overdue_alarm",
                    models.ForeignKey(
                        help_text="Raised when it was not worked in time.",
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="lines.alarm",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="reactions", to="quality.controlplan"
                    ),
                ),
                (
                    "action",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="quality.reactioncode",
                    ),
                ),
                (
                    "cause",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="+",
                        to="quality.reactioncode",
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
            },
        ),
        migrations.CreateModel(
            name="ReactionSignal",
            fields=[
                (
                    "signal",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.PROTECT,
                        primary_key=True,
                        related_name="answered_by",
                        serialize=False,
                        to="quality.signal",
                    ),
                ),
                (
                    "reaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="signals", to="quality.reaction"
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="ReactionStep",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name_en", models.CharField(max_length=120)),
                ("name_ja", models.CharField(max_length=120)),
                ("sequence", models.PositiveSmallIntegerField()),
                ("is_active", models.BooleanField(default=True)),
                (
                    "plan",
                    models.ForeignKey(
                        blank=True,
                        help_text="None: of all plans.",
                        null=True,
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="steps",
                        to="quality.controlplan",
                    ),
                ),
            ],
            options={
                "ordering": ["sequence", "id"],
            },
        ),
        migrations.CreateModel(
            name="Verification",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(blank=True, max_length=48)),
                ("at", models.DateTimeField(help_text="Machine time: what was made before it is what it speaks of.")),
                ("is_passed", models.BooleanField()),
                ("by", models.CharField(max_length=150)),
                ("note", models.CharField(blank=True, max_length=500)),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verifications",
                        to="quality.controlplan",
                    ),
                ),
                (
                    "reaction",
                    models.ForeignKey(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="verifications",
                        to="quality.reaction",
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
            },
        ),
        migrations.CreateModel(
            name="ReactionAnswer",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("sequence", models.PositiveSmallIntegerField()),
                ("text_en", models.TextField()),
                ("text_ja", models.TextField()),
                ("answer", models.CharField(blank=True, max_length=500)),
                ("answered_at", models.DateTimeField(null=True)),
                ("answered_by", models.CharField(blank=True, max_length=150)),
                (
                    "reaction",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="answers", to="quality.reaction"
                    ),
                ),
            ],
            options={
                "ordering": ["sequence", "id"],
                "constraints": [models.UniqueConstraint(fields=("reaction", "sequence"), name="reaction_step_once")],
            },
        ),
        migrations.AddIndex(
            model_name="reaction",
            index=models.Index(
                condition=models.Q(("closed_at", None)), fields=["plan", "stream"], name="reaction_open"
            ),
        ),
        migrations.AddIndex(
            model_name="reaction",
            index=models.Index(fields=["plan", "stream", "-id"], name="reaction_of_plan"),
        ),
        migrations.AddConstraint(
            model_name="reaction",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("closed_at", None),
                    models.Q(("action__isnull", False), ("cause__isnull", False), ("verified_at__isnull", False)),
                    _connector="OR",
                ),
                name="reaction_closed_whole",
            ),
        ),
        migrations.AddConstraint(
            model_name="reaction",
            constraint=models.UniqueConstraint(
                condition=models.Q(("verified_at", None)), fields=("plan", "stream"), name="reaction_unverified_once"
            ),
        ),
        migrations.AddIndex(
            model_name="verification",
            index=models.Index(fields=["plan", "stream", "-at"], name="verification_last"),
        ),
    ]
