"""Compliance: whose insurance runs out while they are on site.

In: certificates, commitments, vendors. Out: an `Answer`. Speaks to no service.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from procore_nb.errors import ArgumentError
from procore_nb.reports.definition import Use, report
from procore_nb.reports.measures import figures_frame, number_text, words
from procore_nb.reports.pictures import Picture
from procore_nb.reports.report_data import ReportData, alike, ids_of, is_signed, plain_words, truth
from procore_nb.reports.result import Answer

CLASSES = ("expired", "none on file", "expiring", "marked non-compliant", "no expiry date", "exempt", "valid")
"""Worst first: a vendor has the worst class of its certificates."""
_ENDED = ("complete", "closed", "terminated", "void")
_REFUSED = ("non_compliant", "non_compliant_in_progress", "expired")


@report(
    "Compliance",
    "Whose insurance runs out while they are on site?",
    Use("insurances", of_company=True, optional=True, decides="whose certificates are valid is not known"),
    Use("project_insurances", optional=True, decides="certificates of single projects are not counted"),
    Use("work_order_contracts"),
    Use("purchase_order_contracts"),
    Use("vendors", of_company=True, optional=True),
)
def compliance(data: ReportData, *, horizon_days: int = 30) -> Answer:
    """Look at the newest certificate of each vendor with a live commitment.

    On site are vendors with a signed commitment that is not complete, closed, terminated or void; those with an approved but
    unsigned one stand apart (table `unsigned`). Of each vendor and insurance type the certificate that expires last counts; certificates of a
    project count for that project. Expired is before the day of the report; expiring within `horizon_days` of it; marked
    non-compliant though in date; none on file. A vendor has the worst class of its types.
    """
    if not isinstance(horizon_days, int) or isinstance(horizon_days, bool) or horizon_days < 0:
        raise ArgumentError(f"horizon_days is a whole number from 0 up, not {horizon_days!r}.")
    sites = pd.concat(
        [_sites(data, one) for one in ("work_order_contracts", "purchase_order_contracts")], ignore_index=True
    )
    company = _certificates(data, "insurances", horizon_days)
    own = _certificates(data, "project_insurances", horizon_days)
    sites, company, own = alike("vendor_id", sites, company, own)
    sites = sites.sort_values("commitment").drop_duplicates(
        ["project_id", "vendor_id"]
    )  # signed before unsigned
    found = sites.merge(company.drop(columns=["project_id", "project_name"]), on="vendor_id", how="left")
    if len(own):
        of_project = sites.merge(
            own.drop(columns="project_name"), on=["project_id", "vendor_id"], how="inner"
        )
        found = pd.concat([found, of_project], ignore_index=True)
    rows = found.sort_values("expiration_date", na_position="first", kind="stable").drop_duplicates(
        ["project_id", "vendor_id", "insurance_type"], keep="last"
    )
    known = rows.groupby(["project_id", "vendor_id"], dropna=False)["class"].transform("count")
    rows = rows[
        rows["class"].notna() | known.eq(0)
    ]  # a type without certificate only where the vendor has none at all
    rows["class"] = rows["class"].fillna("none on file")
    if data.coverage.states.get(("insurances", None)) and not len(own):
        data.notes.append(
            "No list of certificates was given or answered: that none is on file cannot be said."
        )
        rows["class"] = pd.NA
    elif data.not_given("insurances"):
        rows["class"] = rows["class"].mask(rows["class"].eq("none on file"))
    names = data.take("vendors", "", "", "id name")
    called = dict(zip(ids_of(names["id"]), names["name"], strict=True))
    rows["vendor"] = pd.Series(
        [called.get(one) for one in rows["vendor_id"].tolist()], rows.index, dtype="string"
    ).fillna(rows["vendor.company"].astype("string"))
    rank = {name: place for place, name in enumerate(CLASSES)}
    rows["rank"] = rows["class"].map(rank)
    rows = rows.sort_values(["rank", "days_left", "vendor"], ignore_index=True)
    vendors = rows.drop_duplicates(["project_id", "vendor_id"])
    on_site = rows["commitment"].eq("signed")
    # Over all projects a vendor counts once, and by its signed commitments where it has some.
    once = rows[on_site | ~rows["vendor_id"].isin(rows.loc[on_site, "vendor_id"])].drop_duplicates(
        "vendor_id"
    )
    summary = data.summary(vendors, _measure, "work_order_contracts", "purchase_order_contracts")
    whole = _measure(once)
    if data.not_given("insurances"):  # those of projects alone say nothing of all vendors
        unknown = [one for one in whole if one not in ("vendors", "unsigned_vendors")]
        summary, whole = data.blank(summary, "insurances", unknown), whole | dict.fromkeys(unknown, pd.NA)
    order = words(
        "project_id project_name vendor_id vendor commitment insurance_type policy_number expiration_date days_left certificate_status class"
    )
    tables = {"total": figures_frame([whole]), "by_vendor": once[order[2:]].reset_index(drop=True)}
    for name in CLASSES[:4]:
        chosen = rows["class"].eq(name).fillna(False) & on_site
        tables[name.replace(" ", "_").replace("-", "_")] = rows.loc[chosen, order].reset_index(drop=True)
    valid = vendors["class"].eq("valid").fillna(False) & vendors["commitment"].eq("signed")
    tables["valid"] = vendors.loc[valid, order].reset_index(drop=True)
    tables["unsigned"] = vendors.loc[vendors["commitment"].eq("unsigned"), order].reset_index(drop=True)
    elsewhere = company[~company["vendor_id"].isin(sites["vendor_id"])]
    tables["not_on_site"] = elsewhere.drop(columns=["project_id", "project_name"]).reset_index(drop=True)
    findings = [
        f"Vendors on site under a signed commitment: {whole['vendors']:,}. Of these {number_text(whole['expired'])} have an expired certificate, "
        f"{number_text(whole['expiring'])} one that expires within {horizon_days} days, {number_text(whole['non_compliant'])} one marked non-compliant "
        f"though in date, {number_text(whole['none_on_file'])} none on file; {number_text(whole['valid'])} are valid.",
        f"{whole['unsigned_vendors']:,} more have an approved but unsigned commitment only; {number_text(whole['unsigned_not_covered'])} of them are expired or without a certificate.",
    ]
    counts = rows[on_site].drop_duplicates("vendor_id")["class"].value_counts()
    counts = counts.reindex([one for one in CLASSES if one in counts.index])
    pictures = [Picture("Vendors on site by the worst of their certificates", counts, "vendors")]
    return Answer(summary, rows[order], tables, findings, pictures)  # fmt: skip


def _sites(data: ReportData, name: str) -> pd.DataFrame:
    """Return the vendors of live commitments, signed and unsigned apart."""
    rows = data.take(name, "status", "executed vendor.id", "id vendor.company signed_contract_received_date")
    status = plain_words(rows["status"])
    signed = is_signed(rows)
    kind = (
        pd.Series(pd.NA, index=rows.index, dtype="string")
        .mask(status.eq("approved"), "unsigned")
        .mask(signed, "signed")
    )
    rows["commitment"] = kind.mask(status.isin(_ENDED), pd.NA)
    rows = data.exclude(name, rows, rows["commitment"].isna(), "not on site")
    rows["vendor_id"] = ids_of(rows["vendor.id"])
    rows = data.exclude(name, rows, rows["vendor_id"].isna(), "no vendor")
    return rows[["project_id", "project_name", "vendor_id", "vendor.company", "commitment"]]


def _certificates(data: ReportData, name: str, horizon_days: int) -> pd.DataFrame:
    """Return the certificate of each vendor and type that expires last, with its class."""
    rows = data.take(
        name, "", "vendor_id expiration_date", "insurance_type status exempt policy_number vendor.id"
    )
    rows["vendor_id"] = ids_of(
        rows["vendor_id"].fillna(rows["vendor.id"]) if len(rows) else rows["vendor_id"]
    )
    rows["expiration_date"] = data.days(rows, "expiration_date")
    rows["insurance_type"] = rows["insurance_type"].astype("string").fillna("(not stated)")
    rows = rows.sort_values("expiration_date", na_position="first", kind="stable")
    older = rows.duplicated(["project_id", "vendor_id", "insurance_type"], keep="last")
    rows = data.exclude(name, rows, older, "an older certificate")
    rows["days_left"] = (rows["expiration_date"] - data.today(rows)).dt.days.astype("Int64")
    status, left = plain_words(rows["status"]), rows["days_left"]
    named = pd.Series("valid", index=rows.index, dtype="string")
    named = named.mask(status.isin(_REFUSED), "marked non-compliant").mask(
        left.le(horizon_days).fillna(False), "expiring"
    )
    named = named.mask(left.isna(), "no expiry date").mask(left.lt(0).fillna(False), "expired")
    rows["class"], rows["certificate_status"] = named.mask(truth(rows["exempt"]), "exempt"), status
    return rows[
        words(
            "project_id project_name vendor_id insurance_type policy_number expiration_date days_left certificate_status class"
        )
    ]


def _measure(vendors: pd.DataFrame) -> dict[str, Any]:
    signed, unsigned = (vendors[vendors["commitment"] == one] for one in ("signed", "unsigned"))
    known = signed["class"].notna().any() or not len(signed)

    def number(name: str) -> Any:
        return int(signed["class"].eq(name).sum()) if known else pd.NA

    return {
        "vendors": len(signed),
        "expired": number("expired"),
        "expiring": number("expiring"),
        "non_compliant": number("marked non-compliant"),
        "none_on_file": number("none on file"),
        "valid": number("valid"),
        "unsigned_vendors": len(unsigned),
        "unsigned_not_covered": int(unsigned["class"].isin(["expired", "none on file"]).sum())
        if unsigned["class"].notna().any() or not len(unsigned)
        else pd.NA,
    }
