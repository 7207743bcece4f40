"""Compliance: whose insurance runs out while they are on site.

In: certificates, commitments, vendors. Out: an `Analysis`. Speaks to no service.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import classify, figures_frame, sentences, words
from procore_nb.reports.report_data import COMMITMENTS, ReportData, is_signed
from procore_nb.reports.result import Analysis, Picture
from procore_nb.reports.typed_columns import booleans, comparable_ids, ids_of, lookup, status_codes

CLASSES = ("expired", "none on file", "expiring", "marked non-compliant", "no expiry date", "exempt", "valid")
"""Worst first: a vendor has the worst class of its certificates."""
_ENDED = ("complete", "closed", "terminated", "void")
_REFUSED = ("non_compliant", "non_compliant_in_progress", "expired")
_CERTIFICATE = words("insurance_type policy_number expiration_date days_left certificate_status class")


@report(
    "Compliance",
    "Whose insurance runs out while they are on site?",
    Use("insurances", of_company=True, optional=True, decides="whose certificates are valid is not known"),
    Use("project_insurances", optional=True, decides="certificates of single projects are not counted"),
    *map(Use, COMMITMENTS),
    Use("vendors", of_company=True, optional=True),
)
def compliance(data: ReportData, *, horizon_days: int = 30) -> Analysis:
    """Look at the newest certificate of each vendor with a live commitment.

    On site are vendors with a signed commitment that is not complete, closed, terminated or void; those with an approved but
    unsigned one stand apart (table `unsigned`). Of each vendor and insurance type the certificate that expires last counts; certificates of a
    project count for that project. Expired is before the day of the report; expiring within `horizon_days` of it; marked
    non-compliant though in date; none on file. A vendor has the worst class of its types.
    """
    if not isinstance(horizon_days, int) or isinstance(horizon_days, bool) or horizon_days < 0:
        raise ArgumentError(f"horizon_days is a whole number from 0 up, not {horizon_days!r}.")
    sites = pd.concat([_sites(data, name) for name in COMMITMENTS], ignore_index=True)
    company, own = (_certificates(data, name, horizon_days) for name in ("insurances", "project_insurances"))
    sites, company, own = comparable_ids("vendor_id", sites, company, own)
    sites = sites.sort_values("commitment").drop_duplicates(["project_id", "vendor_id"])  # signed first
    rows = _with_certificates(data, sites, company, own)
    on_site = rows["commitment"].eq("signed")
    vendors = rows.drop_duplicates(["project_id", "vendor_id"])
    # Over all projects a vendor counts once, and by its signed commitments where it has some.
    once = rows[on_site | ~rows["vendor_id"].isin(rows.loc[on_site, "vendor_id"])]
    once = once.drop_duplicates("vendor_id")
    summary, whole = data.summary(vendors, _figures, *COMMITMENTS), figures_frame([_figures(once)])
    if data.not_given("insurances"):  # those of projects alone say nothing of all vendors
        unknown = set(whole.columns) - {"vendors", "unsigned_vendors"}
        summary, whole = (data.blank(frame, "insurances", unknown) for frame in (summary, whole))
    order = ["project_id", "project_name", "vendor_id", "vendor", "commitment", *_CERTIFICATE]
    signed = vendors["commitment"].eq("signed")
    parts = {
        name.replace(" ", "_").replace("-", "_"): rows[on_site & rows["class"].eq(name).fillna(False)]
        for name in CLASSES[:4]
    }
    parts["valid"] = vendors[vendors["class"].eq("valid").fillna(False) & signed]
    parts["unsigned"] = vendors[vendors["commitment"].eq("unsigned")]
    elsewhere = company[~company["vendor_id"].isin(sites["vendor_id"])]
    tables = {
        "total": whole,
        "by_vendor": once[order[2:]].reset_index(drop=True),
        **{name: part[order].reset_index(drop=True) for name, part in parts.items()},
        "not_on_site": elsewhere.drop(columns=["project_id", "project_name"]).reset_index(drop=True),
    }
    texts = (
        "Vendors on site under a signed commitment: {vendors}. Of these {expired} have an expired certificate, {expiring} one that expires within "
        "{horizon_days} days, {non_compliant} one marked non-compliant though in date, {none_on_file} none on file; {valid} are valid.",
        "{unsigned_vendors} more have an approved but unsigned commitment only; of these, expired or without a certificate: {unsigned_not_covered}.",
    )
    findings = sentences(dict.fromkeys(texts, True), whole.to_dict("records")[0], horizon_days=horizon_days)
    counts = rows[on_site].drop_duplicates("vendor_id")["class"].value_counts()
    counts = counts.reindex([name for name in CLASSES if name in counts.index])
    pictures = [Picture("Vendors on site by the worst of their certificates", counts, "vendors")]
    return Analysis(summary, rows[order], tables, findings, pictures)


def _with_certificates(
    data: ReportData, sites: pd.DataFrame, company: pd.DataFrame, own: pd.DataFrame
) -> pd.DataFrame:
    """Return one row for each project, vendor on site and type of insurance, worst first, with the vendor's name."""
    keys = ["project_id", "vendor_id"]
    rows = sites.merge(company.drop(columns=["project_id", "project_name"]), on="vendor_id", how="left")
    if len(own):
        of_project = sites.merge(own.drop(columns="project_name"), on=keys)
        rows = pd.concat([rows, of_project], ignore_index=True)
    rows = rows.sort_values("expiration_date", na_position="first", kind="stable")
    rows = rows.drop_duplicates([*keys, "insurance_type"], keep="last")
    # A type without certificate only where the vendor has none at all.
    known = rows.groupby(keys, dropna=False)["class"].transform("count")
    rows = rows[rows["class"].notna() | known.eq(0)]
    rows["class"] = rows["class"].fillna("none on file")
    if ("insurances", None) in data.coverage.states and not len(own):
        data.note("No list of certificates was given or answered: that none is on file cannot be said.")
        rows["class"] = pd.NA
    elif data.not_given("insurances"):
        rows["class"] = rows["class"].mask(rows["class"].eq("none on file"))
    names = data.take("vendors", "", "", "id name")
    called = names["name"].astype("string").set_axis(ids_of(names["id"]))
    rows["vendor"] = lookup(rows["vendor_id"], called).fillna(rows["vendor.company"].astype("string"))
    rows["rank"] = rows["class"].map({name: rank for rank, name in enumerate(CLASSES)})
    return rows.sort_values(["rank", "days_left", "vendor"], ignore_index=True)


def _sites(data: ReportData, name: str) -> pd.DataFrame:
    """Return the vendors of live commitments, signed and unsigned apart."""
    rows = data.take(name, "status", "executed vendor.id", "id vendor.company signed_contract_received_date")
    status = status_codes(rows["status"])
    kinds = {"unsigned": status.eq("approved"), "signed": is_signed(rows)}
    rows["commitment"] = classify(rows.index, pd.NA, kinds).mask(status.isin(_ENDED))
    rows["vendor_id"] = ids_of(rows["vendor.id"])
    rows = data.exclude(name, rows, rows["commitment"].isna(), "not on site")
    rows = data.exclude(name, rows, rows["vendor_id"].isna(), "no vendor")
    return rows[["project_id", "project_name", "vendor_id", "vendor.company", "commitment"]]


def _certificates(data: ReportData, name: str, horizon_days: int) -> pd.DataFrame:
    """Return the certificate of each vendor and type that expires last, with its class."""
    other = "insurance_type status exempt policy_number vendor.id"
    rows = data.take(name, "", "vendor_id expiration_date", other)
    vendor = rows["vendor_id"]
    rows["vendor_id"] = ids_of(vendor.fillna(rows["vendor.id"]) if len(rows) else vendor)
    rows["expiration_date"] = data.days(rows, "expiration_date")
    rows["insurance_type"] = rows["insurance_type"].astype("string").fillna("(not stated)")
    rows = rows.sort_values("expiration_date", na_position="first", kind="stable")
    older = rows.duplicated(["project_id", "vendor_id", "insurance_type"], keep="last")
    rows = data.exclude(name, rows, older, "an older certificate")
    left = (rows["expiration_date"] - data.today(rows)).dt.days.astype("Int64")
    rows["days_left"], rows["certificate_status"] = left, status_codes(rows["status"])
    masks = {
        "marked non-compliant": rows["certificate_status"].isin(_REFUSED),
        "expiring": left.le(horizon_days),
        "no expiry date": left.isna(),
        "expired": left.lt(0),
        "exempt": booleans(rows["exempt"]),
    }
    rows["class"] = classify(rows.index, "valid", masks)
    return rows[["project_id", "project_name", "vendor_id", *_CERTIFICATE]]


def _figures(vendors: pd.DataFrame) -> dict[str, Any]:
    signed, unsigned = (vendors[vendors["commitment"] == name] for name in ("signed", "unsigned"))

    def number(part: pd.DataFrame, *names: str) -> Any:
        known = part["class"].notna().any() or part.empty
        return int(part["class"].isin(names).sum()) if known else pd.NA

    return {
        "vendors": len(signed),
        "expired": number(signed, "expired"),
        "expiring": number(signed, "expiring"),
        "non_compliant": number(signed, "marked non-compliant"),
        "none_on_file": number(signed, "none on file"),
        "valid": number(signed, "valid"),
        "unsigned_vendors": len(unsigned),
        "unsigned_not_covered": number(unsigned, "expired", "none on file"),
    }
