"""Ad-hoc analyses for scripts."""

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lines.shapes import ErrorShape
from lines.stations.body import known_only
from lines.stations.sent import sent_fields
from quality.analyses.schemas import REQUEST, AnalysisShape
from quality.analyses.services import analysed

_FIELDS = frozenset({"chart", "data", "subgroups", "params"})
_REFUSED = dict.fromkeys((400, 401, 413, 415, 422), ErrorShape)


class AnalysesView(APIView):
    @extend_schema(
        operation_id="analyse",
        summary="Analyse values: control chart, capability, normality, gauge study",
        description=(
            "Nothing is stored. Answers what `python -m quality.spc analyze` prints for the same case: every figure of "
            "the analysis by name. A value that cannot be used is named in `problems` and the rest goes on; a figure "
            "that cannot be told is null with its reason in `undefined`. By any person or station."
        ),
        request=REQUEST,
        responses={200: AnalysisShape, **_REFUSED},
    )
    def post(self, request: Request) -> Response:
        case = sent_fields(request)
        known_only(case, _FIELDS, "")
        return Response(analysed(case))
