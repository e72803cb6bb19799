"""An analysis as the API tells it and as it is kept: plain JSON, no number that is not one."""

from typing import Any

from lines.models import Product
from traceability.causes.evidence import Name
from traceability.causes.gathering import Gathered, names_of
from traceability.causes.ranking import Factor, Ranked
from traceability.causes.selecting import Selected

MOST_NAMES = 12


def told(selected: Selected, gathered: Gathered, ranked: Ranked, within: str) -> dict[str, Any]:
    return {
        "compared": {
            "definition": selected.definition.code,
            "product": _product(selected.definition.product),
            "operation": selected.operation,
            "since": selected.since.isoformat(),
            "until": selected.until.isoformat(),
            "within": within,
            "n_failed": len(selected.failed),
            "n_good": selected.n_good,
            "n_good_compared": len(selected.good),
            "n_left_out": selected.n_left_out,
            "n_absent": selected.n_absent,
            "chosen": list(selected.chosen),
        },
        "n_tested": ranked.n_tested,
        "n_findings": len(ranked.findings),
        "shuffles": ranked.shuffles,
        "alpha": ranked.alpha,
        "factors": [_factor(factor, gathered) for factor in ranked.factors],
    }


def _product(product: Product | None) -> str | None:
    return product.code if product else None


def _factor(factor: Factor, gathered: Gathered) -> dict[str, Any]:
    names = names_of(factor.names)
    return {
        "rank": factor.rank,
        "is_finding": factor.is_finding,
        "is_explained": factor.is_explained,
        "names": [_name(name, gathered) for name in names[:MOST_NAMES]],
        "n_names": len(names),
        "n_exposed": factor.n_exposed,
        "n_exposed_failed": factor.n_exposed_failed,
        "n_other": factor.n_other,
        "n_other_failed": factor.n_other_failed,
        "lift": _rounded(factor.lift),
        "lift_low": _rounded(factor.lift_low),
        "lift_high": _rounded(factor.lift_high),
        "p": _rounded(factor.p),
        "q": _rounded(factor.q),
        "family_p": _rounded(factor.family_p),
        "scan_p": _rounded(factor.scan_p),
        "p_after": _rounded(factor.p_after),
        "likeness": _rounded(factor.likeness),
        "score": _rounded(factor.score),
    }


def _name(name: Name, gathered: Gathered) -> dict[str, Any]:
    plain = Name(name.kind, name.factor, name.level, name.lane)  # without metres: as it was gathered
    span = gathered.spans.get(plain)
    return {
        "kind": name.kind,
        "factor": name.factor,
        "level": name.level,
        "lane": name.lane,
        "from_m": round(name.from_m, 3) if name.from_m is not None else None,
        "to_m": round(name.to_m, 3) if name.to_m is not None else None,
        "since": span[0].isoformat() if span else None,
        "until": span[1].isoformat() if span else None,
        "refs": gathered.refs.get(plain, {}),
    }


def _rounded(value: float | None) -> float | None:
    return None if value is None else float(f"{value:.6g}")
