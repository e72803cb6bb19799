import django.db.models.deletion
from django.db import migrations, models

# Gauges had their last calibration's dates alone; of these their first rows are made.
FACTS = """
create trigger refuse_update before update on quality_calibration
for each row execute function denchi_refuse_update();
create trigger refuse_update before update on quality_gaugerrstudy
for each row execute function denchi_refuse_update();
update quality_gauge set calibrated_at = valid_until - interval '365 days' where valid_until <= calibrated_at;
update quality_gauge
set interval_days = least(3650, greatest(1, round(extract(epoch from valid_until - calibrated_at) / 86400)));
insert into quality_calibration (gauge_id, kind, at, unit, as_found_passed, as_left_passed, performed_by, certificate,
    next_due, note, recorded_at, recorded_by)
select id, 'CALIBRATION', calibrated_at, '', true, true, '', '', valid_until, '', now(), 'task:migrate'
from quality_gauge;
"""
FORGET = """
drop trigger refuse_update on quality_calibration;
drop trigger refuse_update on quality_gaugerrstudy;
"""


class Migration(migrations.Migration):
    dependencies = [
        ("quality", "0006_reports"),
    ]

    operations = [
        migrations.AddField(
            model_name="gauge",
            name="characteristics",
            field=models.ManyToManyField(
                blank=True,
                help_text="What it measures; none: whatever its station measures.",
                related_name="gauges",
                to="quality.characteristic",
            ),
        ),
        migrations.AddField(
            model_name="gauge",
            name="interval_days",
            field=models.PositiveSmallIntegerField(
                db_default=365, default=365, help_text="From one calibration to the next."
            ),
        ),
        migrations.CreateModel(
            name="Calibration",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("CALIBRATION", "Calibration"),
                            ("CHECK", "Check against a reference, nothing adjusted"),
                        ],
                        max_length=12,
                    ),
                ),
                ("at", models.DateTimeField(help_text="When it was done.")),
                (
                    "as_found",
                    models.FloatField(help_text="Error against the reference before any adjustment.", null=True),
                ),
                ("as_left", models.FloatField(help_text="Error after it.", null=True)),
                ("allowed", models.FloatField(help_text="Greatest permissible error, either way.", null=True)),
                ("unit", models.CharField(blank=True, max_length=16)),
                (
                    "as_found_passed",
                    models.BooleanField(help_text="False: the gauge was out of order; what it judged is suspect."),
                ),
                ("as_left_passed", models.BooleanField(help_text="False: it is not to be used.")),
                ("performed_by", models.CharField(help_text="Person or laboratory.", max_length=120)),
                ("certificate", models.CharField(blank=True, help_text="Number of the certificate.", max_length=120)),
                ("next_due", models.DateTimeField(help_text="Of a calibration that passed.", null=True)),
                ("note", models.CharField(blank=True, max_length=500)),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.CharField(help_text="person:<username> or task:<name>.", max_length=160)),
                (
                    "gauge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="calibrations", to="quality.gauge"
                    ),
                ),
            ],
            options={
                "ordering": ["-at", "-id"],
                "constraints": [
                    models.UniqueConstraint(fields=("gauge", "at", "kind"), name="calibration_once"),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("as_left_passed", True), ("kind", "CALIBRATION"), _negated=True),
                            models.Q(("next_due__gt", models.F("at")), ("next_due__isnull", False)),
                            _connector="OR",
                        ),
                        name="calibration_next_due",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("kind", "CHECK"), _negated=True),
                            models.Q(("as_left_passed", models.F("as_found_passed")), ("next_due", None)),
                            _connector="OR",
                        ),
                        name="calibration_check_adjusts_nothing",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="GaugeRrStudy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(help_text="When it was measured.")),
                (
                    "tolerance",
                    models.FloatField(help_text="USL - LSL; none: percent of the study variation alone.", null=True),
                ),
                ("readings", models.JSONField(help_text="[part, operator, value], as measured.")),
                ("n_parts", models.PositiveSmallIntegerField()),
                ("n_operators", models.PositiveSmallIntegerField()),
                ("n_repeats", models.PositiveSmallIntegerField()),
                ("interaction_p", models.FloatField(null=True)),
                ("with_interaction", models.BooleanField(help_text="False: pooled with repeatability (p above 0.25).")),
                (
                    "components",
                    models.JSONField(
                        help_text="By source: variance, contribution %, study variation, % of it, % of the tolerance."
                    ),
                ),
                ("grr_percent", models.FloatField(help_text="Of the tolerance if given, else of the study variation.")),
                ("ndc", models.PositiveIntegerField()),
                ("verdict", models.CharField(help_text="ACCEPTABLE, MARGINAL or UNACCEPTABLE.", max_length=16)),
                ("note", models.CharField(blank=True, max_length=200)),
                ("recorded_at", models.DateTimeField()),
                ("recorded_by", models.CharField(max_length=160)),
                (
                    "characteristic",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="gauge_studies",
                        to="quality.characteristic",
                    ),
                ),
                (
                    "gauge",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="studies", to="quality.gauge"
                    ),
                ),
            ],
            options={
                "verbose_name": "gauge R&R study",
                "verbose_name_plural": "gauge R&R studies",
                "ordering": ["-at", "-id"],
                "indexes": [models.Index(fields=["characteristic", "gauge", "-at"], name="gauge_study_newest")],
                "constraints": [
                    models.UniqueConstraint(fields=("gauge", "characteristic", "at"), name="gauge_study_once")
                ],
            },
        ),
        migrations.RunSQL(FACTS, FORGET),
    ]
