import django.db.models.deletion
from django.db import migrations, models

# One row for each change of a plan, whoever made it: page, spreadsheet, the plant's files or the administration.
NOTE_CHANGES = """
create function quality_note_plan_change() returns trigger language plpgsql as $$
declare
    changed jsonb;
begin
    if tg_op = 'INSERT' then
        changed := to_jsonb(new) - 'id';
    else
        select jsonb_object_agg(now_is.key, jsonb_build_array(to_jsonb(old) -> now_is.key, now_is.value))
        into changed
        from jsonb_each(to_jsonb(new)) as now_is
        where now_is.value is distinct from to_jsonb(old) -> now_is.key;
        if changed is null then
            return null;
        end if;
    end if;
    insert into quality_planchange (plan_id, at, actor, is_first, reason, changes)
    values (
        new.id, now(), coalesce(current_setting('denchi.actor', true), ''), tg_op = 'INSERT',
        coalesce(current_setting('denchi.reason', true), ''), changed
    );
    return null;
end $$;
create trigger note_change after insert or update on quality_controlplan
for each row execute function quality_note_plan_change();
create trigger refuse_update before update on quality_planchange
for each row execute function denchi_refuse_update();
"""
FORGET = """
drop trigger note_change on quality_controlplan;
drop trigger refuse_update on quality_planchange;
drop function quality_note_plan_change();
"""


SIGMA_METHODS = [
    ("MR-MEAN", "mean(MR) / d2(2)"),
    ("MR-MEDIAN", "median(MR) / 0.9539"),
    ("UWAVE-R", "mean(R / d2(n))"),
    ("UWAVE-SD", "mean(S / c4(n))"),
    ("MVLUE-R", "Minimum-variance weighted R / d2(n)"),
    ("MVLUE-SD", "Minimum-variance weighted S / c4(n)"),
    ("RMSDF", "Pooled sd / c4(df + 1)"),
    ("POOLED", "Pooled sd, no correction"),
    ("NONE", "Of the distribution: p, c, u and g charts"),
]


class Migration(migrations.Migration):
    dependencies = [
        ("lines", "0002_facts_stay"),
        ("quality", "0002_charts_and_streams"),
    ]

    operations = [
        migrations.CreateModel(
            name="LimitsStudy",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("stream", models.CharField(blank=True, db_default="", max_length=48)),
                ("since", models.DateTimeField()),
                ("until", models.DateTimeField()),
                ("sigma_method", models.CharField(choices=SIGMA_METHODS, max_length=16)),
                (
                    "groups",
                    models.JSONField(
                        help_text=(
                            "In order of time: {t: time of the last member, v: values, r: records,"
                            " size: sample size or area}."
                        )
                    ),
                ),
                ("author", models.CharField(max_length=150)),
                ("made_at", models.DateTimeField()),
                (
                    "verdict",
                    models.JSONField(
                        db_default={},
                        default=dict,
                        help_text="As frozen: limits and signals before and after the exclusions.",
                    ),
                ),
                ("discarded_at", models.DateTimeField(null=True)),
                (
                    "frozen_as",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="study",
                        to="quality.controllimits",
                    ),
                ),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="studies", to="quality.controlplan"
                    ),
                ),
            ],
            options={"verbose_name_plural": "limits studies", "ordering": ["-id"]},
        ),
        migrations.CreateModel(
            name="PlanChange",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField()),
                (
                    "actor",
                    models.CharField(help_text="person:<username>, task:<name> or command:<name>.", max_length=160),
                ),
                ("is_first", models.BooleanField(help_text="The plan was made.")),
                (
                    "reason",
                    models.TextField(
                        help_text="As the person gave it; empty: the plant's files or the administration."
                    ),
                ),
                ("changes", models.JSONField(help_text="By column: [before, after]; of a new plan its values.")),
                (
                    "plan",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="changes", to="quality.controlplan"
                    ),
                ),
            ],
            options={
                "ordering": ["-id"],
                "indexes": [models.Index(fields=["plan", "-id"], name="plan_change_newest")],
            },
        ),
        migrations.CreateModel(
            name="StudyExclusion",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("place", models.PositiveIntegerField(help_text="0-based, in the study's groups.")),
                ("reason", models.CharField(max_length=200)),
                ("author", models.CharField(max_length=150)),
                ("at", models.DateTimeField()),
                (
                    "study",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT,
                        related_name="exclusions",
                        to="quality.limitsstudy",
                    ),
                ),
            ],
            options={
                "ordering": ["place"],
                "constraints": [models.UniqueConstraint(fields=("study", "place"), name="exclusion_once")],
            },
        ),
        migrations.RunSQL(NOTE_CHANGES, FORGET),
    ]
