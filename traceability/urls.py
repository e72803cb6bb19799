"""Pages of this app."""

from django.urls import path

from traceability.audits import pages as audits
from traceability.causes import pages as causes
from traceability.corrections import pages as corrections
from traceability.entry.pages import file as entry_file
from traceability.entry.pages import table as entry_table
from traceability.entry.pages import unit as entry
from traceability.genealogy import pages as genealogy
from traceability.holds import pages as holds
from traceability.interlock import pages as interlock
from traceability.labels import pages as labels
from traceability.lots.pages import listing as lots
from traceability.lots.pages import lot, receipt
from traceability.recall import pages as recall
from traceability.refused import pages as refused
from traceability.rolls import pages as rolls
from traceability.samples import pages as samples
from traceability.shipping import pages as shipping
from traceability.suspects import pages as suspects
from traceability.trays import pages as trays
from traceability.units import pages as units
from traceability.wide import pages as wide

urlpatterns = [
    path("units/<path:serial>/", units.unit, name="unit"),
    path("genealogy/lots/<int:lot_id>/", genealogy.of_lot, name="lot-genealogy"),
    path("genealogy/lots/<int:lot_id>/uses.<str:file_format>", genealogy.uses_of_lot, name="lot-uses"),
    path("genealogy/step/<path:serial>/", genealogy.step, name="genealogy-step"),
    path("genealogy/links.<str:file_format>/<path:serial>/", genealogy.links_of_unit, name="genealogy-links"),
    path("genealogy/<path:serial>/", genealogy.of_unit, name="genealogy"),
    path("rolls/behind/spec/<path:serial>/", rolls.behind_spec, name="scans-behind-spec"),
    path("rolls/behind/<path:serial>/", rolls.behind, name="scans-behind"),
    path("rolls/<path:serial>/", rolls.roll, name="roll"),
    path("lots/", lots.lots, name="lots"),
    path("lots/list.csv", lots.table, name="lots-table"),
    path("lots/receive/", receipt.receive, name="receive-lot"),
    path("lots/receive/file/", receipt.receive_by_file, name="receive-lots"),
    path("lots/receive/template.csv", receipt.template, name="receipts-template"),
    path("lots/merge/", lot.merge, name="merge-lots"),
    path("lots/<int:lot_id>/", lot.lot, name="lot"),
    path("lots/<int:lot_id>/split/", lot.split, name="split-lot"),
    path("lots/<int:lot_id>/<str:verb>/", lot.decide, name="decide-lot"),
    path("trays/<path:tray>/", trays.tray, name="tray"),
    path("audits/", audits.audits, name="audits"),
    path("audits/log/", audits.audit_log, name="audit-log"),
    path("audits/histories/<str:kind>/<path:serial>/", audits.history_file, name="history-file"),
    path("audits/archives/", audits.archives, name="audit-archives"),
    path("audits/archives/new/", audits.new_archive, name="new-audit-archive"),
    path("audits/archives/<int:archive_id>/", audits.archive, name="audit-archive"),
    path("audits/archives/<int:archive_id>/parts/", audits.archive_parts, name="audit-archive-parts"),
    path("audits/archives/<int:archive_id>/cancel/", audits.cancel_archive, name="cancel-audit-archive"),
    path("audits/archives/<int:archive_id>/file/", audits.archive_file, name="audit-archive-file"),
    path("wide/", wide.wide, name="wide"),
    path("wide/units.<str:kind>", wide.wide_file, name="wide-file"),
    path("common-cause/", causes.causes, name="causes"),
    path("common-cause/<int:analysis_id>/", causes.analysis, name="cause-analysis"),
    path("common-cause/<int:analysis_id>/parts/", causes.analysis_parts, name="cause-analysis-parts"),
    path("common-cause/<int:analysis_id>/cancel/", causes.cancel, name="cancel-cause-analysis"),
    path("verify/", audits.verify, name="verify"),
    path("labels/", labels.labels, name="labels"),
    path("labels/labels.<str:kind>", labels.label_file, name="label-file"),
    path("shipments/", shipping.shipments, name="shipments"),
    path("shipments/new/", shipping.new_shipment, name="new-shipment"),
    path("shipments/<str:number>/", shipping.shipment, name="shipment"),
    path("shipments/<str:number>/return/", shipping.take_units_back, name="return-shipment"),
    path("interlock/", interlock.interlock, name="interlock"),
    path("interlock/parts/", interlock.interlock_parts, name="interlock-parts"),
    path("interlock/<int:permit_id>/", interlock.verdict, name="verdict"),
    path("entry/", entry.entry, name="entry"),
    path("entry/table/", entry_table.table, name="entry-table"),
    path("entry/file/", entry_file.file, name="entry-file"),
    path("entry/file/template.csv", entry_file.template, name="entry-template"),
    path("entry/unit/<str:station>/<str:operation>/<path:serial>/", entry.unit, name="entry-unit"),
    path("entry/answers/<str:station>/<str:token>/", entry.answer, name="entry-answer"),
    path("samples/", samples.samples, name="samples"),
    path("samples/take/", samples.take, name="take-sample"),
    path("samples/<str:code>/", samples.sample, name="sample"),
    path("samples/<str:code>/cancel/", samples.cancel, name="cancel-sample"),
    path("refused/", refused.refused, name="refused"),
    path("refused/replay/", refused.replay_chosen, name="replay-refused-chosen"),
    path("refused/<int:post_id>/", refused.refused_post, name="refused-post"),
    path("refused/<int:post_id>/replay/", refused.replay, name="replay-refused"),
    path("refused/<int:post_id>/dismiss/", refused.dismiss, name="dismiss-refused"),
    path("holds/", holds.holds, name="holds"),
    path("holds/new/", holds.new_hold, name="new-hold"),
    path("holds/<int:hold_id>/", holds.hold, name="hold"),
    path("holds/calibrations/<int:calibration_id>/", suspects.hold_judged, name="hold-judged"),
    path("holds/<int:hold_id>/release/", holds.release, name="release-hold"),
    path("recall/", recall.recalls, name="recalls"),
    path("recall/<int:recall_id>/", recall.recall, name="recall"),
    path("recall/<int:recall_id>/recall.<str:kind>", recall.recall_file, name="recall-file"),
    path("nonconformances/", holds.nonconformances, name="nonconformances"),
    path("nonconformances/<int:nonconformance_id>/", holds.nonconformance, name="nonconformance"),
    path("records/<int:record_id>/correct/", corrections.correct_record, name="correct-record"),
    path("corrections/", corrections.corrections, name="corrections"),
    path("corrections/<int:correction_id>/", corrections.correction, name="correction"),
]
