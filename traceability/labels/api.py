"""Labels over the API, for printers and label software."""

from django.http import HttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.request import Request
from rest_framework.views import APIView

from documents.labels import Symbol
from traceability.interlock.schemas import ErrorShape
from traceability.labels.queries import FORMATS, KINDS, drawn, labels_of


class LabelsView(APIView):
    @extend_schema(
        operation_id="draw_labels",
        summary="The code of a unit, lot or tray, or a sheet of labels",
        description=(
            "A code holds the serial, the tray's code, or supplier and number of a lot, as the search takes it when it "
            "is scanned. svg and png: one code; pdf: labels of 70 x 37 mm, 24 to a sheet of A4. A serial that its "
            "product's rule does not know gets no label (MES-T-1000)."
        ),
        parameters=[
            OpenApiParameter("kind", str, enum=KINDS, required=True),
            OpenApiParameter(
                "key",
                str,
                required=True,
                many=True,
                description="Serial; lot by id or number; tray.",
            ),
            OpenApiParameter("symbol", str, enum=list(Symbol), description="qr unless told."),
            OpenApiParameter("file", str, enum=list(FORMATS), description="svg unless told."),
        ],
        responses={
            **{(200, kind): OpenApiTypes.BINARY for kind in FORMATS.values()},
            **{(status, "application/json"): ErrorShape for status in (400, 401, 404, 422)},
        },
    )
    def get(self, request: Request) -> HttpResponse:
        words = request.query_params
        kind = words.get("file") or "svg"
        found = labels_of(words.get("kind", ""), words.getlist("key"))
        return HttpResponse(drawn(found, words.get("symbol") or Symbol.QR, kind), content_type=FORMATS[kind])
