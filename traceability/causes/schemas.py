"""What the API takes and tells of common-cause analyses, for its documentation."""

from rest_framework import serializers

from lines.shapes import Shape
from traceability.causes.asked import LONGEST, MOST_FAILED, MOST_GOOD, WITHIN
from traceability.causes.models import AnalysisState

ANALYSIS_STATES = AnalysisState.values
ANALYSIS_WITHIN = list(WITHIN)
KINDS = (
    "lot", "batch", "mark", "range", "lane", "side", "roll", "rack", "channel", "slot", "tray", "station", "recipe",
    "shift", "certification",
)  # fmt: skip


def _serials(most: int, help_text: str) -> serializers.ListField:
    child = serializers.CharField(max_length=64)
    return serializers.ListField(child=child, required=False, max_length=most, help_text=help_text)


def _text(help_text: str) -> serializers.CharField:
    return serializers.CharField(required=False, max_length=64, help_text=help_text)


def _number(help_text: str) -> serializers.FloatField:
    return serializers.FloatField(allow_null=True, help_text=help_text)


class CauseRequest(Shape):
    serials = _serials(MOST_FAILED, "Units that failed; without them all that failed `operation` in the span.")
    good = _serials(MOST_GOOD, "Good units to compare with; without them all of the same kind, operation and span.")
    operation = _text("Where they failed; with serials it may be left out.")
    definition = _text("Kind of unit, where the operation has several.")
    reason = _text("Only failures with this reason code; others are on neither side.")
    since = serializers.DateTimeField(required=False, help_text="With its offset from UTC; the span is [since, until).")
    until = serializers.DateTimeField(required=False, help_text=f"At most {LONGEST.days} days later.")
    within = serializers.ChoiceField(ANALYSIS_WITHIN, required=False, help_text="DAY: good units of the same day only.")


class ComparedShape(Shape):
    definition = serializers.CharField()
    product = serializers.CharField(allow_null=True)
    operation = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateTimeField()
    within = serializers.ChoiceField(ANALYSIS_WITHIN)
    n_failed = serializers.IntegerField()
    n_good = serializers.IntegerField(help_text="Good units of the span.")
    n_good_compared = serializers.IntegerField(help_text="Those, or a sample of them; the lift is weighted for it.")
    n_left_out = serializers.IntegerField(help_text="Failed too, but not asked about: on neither side.")
    n_absent = serializers.IntegerField(help_text="Named as failed, without a visit there in the span.")
    chosen = serializers.ListField(child=serializers.CharField(), help_text="What the system chose.")


class CauseNameShape(Shape):
    kind = serializers.ChoiceField(KINDS)
    factor = serializers.CharField(help_text="Material, kind of roll or operation.")
    level = serializers.CharField(help_text="Which of it: lot, serial, channel, version and so on.")
    lane = serializers.IntegerField(allow_null=True)
    from_m = _number("Of kind range: on the roll's own axis.")
    to_m = _number("")
    since = serializers.DateTimeField(allow_null=True, help_text="First visit of these units there.")
    until = serializers.DateTimeField(allow_null=True)
    refs = serializers.DictField(
        help_text="Ids and codes of what the name stands for; of a mark the places where most of these units have it."
    )


class CauseFactorShape(Shape):
    rank = serializers.IntegerField(help_text="Factors that the failures do not tell apart from the first share 1.")
    is_finding = serializers.BooleanField(help_text="Both q and family_p are at most alpha.")
    is_explained = serializers.BooleanField(help_text="p_after is above alpha: the first one accounts for it.")
    names = CauseNameShape(many=True, help_text="Several: the same units, nothing tells them apart.")
    n_names = serializers.IntegerField()
    n_exposed = serializers.IntegerField(help_text="Compared units that passed it.")
    n_exposed_failed = serializers.IntegerField()
    n_other = serializers.IntegerField()
    n_other_failed = serializers.IntegerField()
    lift = serializers.FloatField(help_text="How many times as often they failed as the others (risk ratio).")
    lift_low = serializers.FloatField(help_text="95 % interval.")
    lift_high = serializers.FloatField()
    p = serializers.FloatField(help_text="Exact, one-sided; of a window times the windows of its roll.")
    q = serializers.FloatField(help_text="Benjamini-Hochberg over everything that was tested.")
    family_p = serializers.FloatField(help_text="Chance that any factor stands out so much without a cause.")
    scan_p = _number("Of a window: chance of one as good anywhere on its roll without a cause.")
    p_after = _number("The same question among units with the first factor and among units without it.")
    likeness = serializers.FloatField(help_text="Units shared with the first factor, of all that either has.")
    score = serializers.FloatField(help_text="Log likelihood ratio less ln of the answers to the same question.")


class CauseResultShape(Shape):
    compared = ComparedShape()
    n_tested = serializers.IntegerField(help_text="Hypotheses; the factors are the best of them.")
    n_findings = serializers.IntegerField()
    shuffles = serializers.IntegerField()
    alpha = serializers.FloatField()
    factors = CauseFactorShape(many=True)


class CauseAnalysisShape(Shape):
    analysis = serializers.IntegerField()
    address = serializers.CharField()
    state = serializers.ChoiceField(ANALYSIS_STATES)
    progress = serializers.IntegerField(help_text="Percent.")
    asked = serializers.DictField(help_text="The request, complete.")
    requested_by = serializers.CharField()
    requested_at = serializers.DateTimeField()
    finished_at = serializers.DateTimeField(allow_null=True)
    n_failed = serializers.IntegerField(allow_null=True)
    n_findings = serializers.IntegerField(allow_null=True)
    code = serializers.CharField(allow_null=True, help_text="Why it failed.")
    detail = serializers.CharField(allow_null=True)
    result = CauseResultShape(allow_null=True, help_text="null until it is done; left out of lists.", required=False)


class CauseAnalysisPage(Shape):
    items = CauseAnalysisShape(many=True)
    next_cursor = serializers.CharField(allow_null=True)
