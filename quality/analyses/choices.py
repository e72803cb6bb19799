"""What the form of an ad-hoc analysis offers, in words."""

from django.utils.translation import gettext_lazy as _

CHARTS = [
    (
        _("Single measurements"),
        [
            ("i-mr", _("I-MR: individuals and moving ranges")),
            ("ewma", _("EWMA: moving average for slow drift")),
            ("cusum", _("CUSUM: cumulative sums for small shifts")),
            ("i-mr-dnom", _("I-MR of deviations from nominal (short runs)")),
        ],
    ),
    (
        _("Subgroups"),
        [
            ("xbar-r", _("Xbar-R: means and ranges")),
            ("xbar-s", _("Xbar-S: means and standard deviations")),
            ("i-mr-r", _("I-MR-R: between and within batches, range")),
            ("i-mr-s", _("I-MR-S: between and within batches, standard deviation")),
            ("xbar-r-dnom", _("Xbar-R of deviations from nominal (short runs)")),
            ("xbar-s-dnom", _("Xbar-S of deviations from nominal (short runs)")),
        ],
    ),
    (
        _("Counts"),
        [
            ("p", _("p: share nonconforming")),
            ("np", _("np: number nonconforming")),
            ("c", _("c: count of nonconformities")),
            ("u", _("u: nonconformities per unit")),
            ("laney-p", _("p′: share nonconforming, large samples (Laney)")),
            ("laney-u", _("u′: nonconformities per unit, large areas (Laney)")),
            ("g", _("g: units between rare events")),
            ("t", _("t: time between rare events")),
        ],
    ),
    (
        _("Several measurements together"),
        [
            ("hotelling-t2-individuals", _("Hotelling T²: correlated measurements")),
            ("mewma", _("MEWMA: correlated measurements, slow drift")),
        ],
    ),
]

SIGMA_METHODS = [
    ("MR2-mean", "mean(MR) / d2(2)"),
    ("MR2-median", "median(MR) / 0.9539"),
    ("UWAVE-R", "mean(R / d2(n))"),
    ("UWAVE-SD", "mean(S / c4(n))"),
    ("MVLUE-R", "MVLUE R / d2(n)"),
    ("MVLUE-SD", "MVLUE S / c4(n)"),
    ("RMSDF", "pooled sd / c4(df + 1)"),
    ("POOLED", "pooled sd"),
]
