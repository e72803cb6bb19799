"""What an analysis is asked and answered, for the API's documentation."""

from rest_framework import serializers

from lines.shapes import Shape

# By hand: a serializer with a field `data` hides its own.
REQUEST = {
    "application/json": {
        "type": "object",
        "required": ["chart"],
        "properties": {
            "chart": {"type": "string", "description": "i-mr, xbar-r, p, laney-p', ewma, capability, ..."},
            "data": {
                "type": ["array", "null"],
                "items": {},
                "description": "Values in order of time; a list for each subgroup or row of variables; null: missing.",
            },
            "subgroups": {
                "type": ["array", "number", "null"],
                "items": {},
                "description": "Sample size or area of each count; or sizes of the subgroups of a flat list.",
            },
            "params": {
                "type": ["object", "null"],
                "additionalProperties": {},
                "description": "k, sigma_method, phase1, center and sigma, rules, lsl, usl, lambda, L, h, ...",
            },
        },
    }
}


class ProblemShape(Shape):
    place = serializers.IntegerField(help_text="Place in `data`, from 0.")
    member = serializers.IntegerField(required=False, help_text="Of a subgroup or row, from 0.")
    code = serializers.CharField()
    reason = serializers.CharField()


class AnalysisShape(Shape):
    charts = serializers.DictField(
        required=False, help_text="By panel: center, lcl, ucl (one, or one a point), points."
    )
    signals = serializers.DictField(required=False, help_text="By panel and rule: the places that end a window.")
    undefined = serializers.DictField(required=False, help_text="Why a figure is null: code and reason by figure.")
    problems = ProblemShape(many=True, required=False, help_text="Data that were left out; the rest went on.")
