"""Submittals: which endanger deliveries, and how long reviews take.

In: the list `submittals_v1_1`. Out: an `Analysis`. Speaks to no service.
"""

from __future__ import annotations

from typing import Any

import pandas as pd

from procore_nb.reports.definition import Use, report
from procore_nb.reports.item_reports import by_holder, with_deadlines
from procore_nb.reports.measures import classify, count, mean, median, percent, sentences, words
from procore_nb.reports.report_data import ReportData
from procore_nb.reports.result import Analysis, Picture, bars
from procore_nb.reports.typed_columns import amounts, local_days, names_in, nested_records, status_codes

REJECTED = ("rejected", "revise_and_resubmit")
_NAME = "submittals_v1_1"
_LONGEST = 40  # days: Procore's own report leaves responses of so many out of its mean
_SHOWN = words(
    "project_id project_name id number revision title status.name class due_date overdue late_days required_on_site_date lead_time "
    "latest_approval float_days at_risk submit_by late_to_submit cycle_days ball_in_court"
)
_DECIDING = "due_date received_date closed_at required_on_site_date lead_time submit_by approvers"
_OTHER = (
    "id number title revision current_revision status.status specification_section.id specification_section.number created_at "
    "ball_in_court"
)


@report(
    "Submittals",
    "Which submittals endanger deliveries, and how long do reviews take?",
    Use(_NAME),
    rebuilds=True,
)
def submittals(data: ReportData, *, rejected_responses: tuple[str, ...] = REJECTED) -> Analysis:
    """Count what is open, overdue and at risk, and time the reviews.

    Void is told by the name of the status. Overdue is open with `due_date` before the day of the report. Latest approval is
    `required_on_site_date` − `lead_time` days (without a lead time there is no float); float is the days from the day of the
    report to it. At risk is a float below 0, of those not closed, and of those closed as rejected (`rejected_responses` of the
    last reviewers, or such a status) without a newer revision. A draft past `submit_by` is late to submit. Cycle is closed −
    received of each closed revision, superseded ones included, as each was a review; chain is first revision received to last closed; resubmitted is the share of closed
    chains with more than one revision. Approver response is returned − sent: the mean as Procore takes it, without responses
    that lack a sent, returned or due date or took 40 days or more, and beside it the median of all, as that rule hides the
    slowest.
    """
    rows = _revisions(data, rejected_responses)
    chains, responses = _chains(rows), _responses(data, rows)
    current = data.current(_NAME, rows, rows["chain"])

    def measure(part: pd.DataFrame) -> dict[str, Any]:
        frames = [rows, chains, responses]
        if part is not current:
            frames = [frame[frame["project_id"].isin(part["project_id"].unique())] for frame in frames]
        return _figures(part, *frames)

    summary, total = data.totals(current, measure, _NAME)
    risky = current[current["at_risk"].fillna(False)].sort_values("float_days", ignore_index=True)
    tables = {"total": total, "at_risk": risky[_SHOWN], "chains": chains, "approver_responses": responses}
    if not data.past and not data.lacks(_NAME, "ball_in_court"):
        tables["by_person"] = by_holder(current, current["ball_in_court"])
    texts = (
        "{open:submittal(s)} open, {overdue} overdue; {at_risk} cannot be approved in time for their delivery, {closed_rejected_at_risk} of them "
        "closed as rejected without a newer revision; {without_float} have no lead time or no date on site.",
        "{late_to_submit} drafts are past their submit-by date.",
        "Half of the reviews took up to {median_cycle_days:days}; {resubmitted_percent:%} of {closed_chains} closed chains were resubmitted. "
        "Approvers respond in {mean_response_days:days} by Procore's rule (mean); the median of all {responses} is {median_response_days:days}.",
    )
    findings = sentences(dict.fromkeys(texts, True), total.to_dict("records")[0])
    floats = current[~current["closed_rejected"]].set_index("project_name")["float_days"]
    title, unit = "Float of submittals not closed, a dot each", "days to the latest approval; red: too late"
    late = summary.sort_values("at_risk", ascending=False)
    pictures = [
        Picture(title, floats, unit, "dots"),
        bars("At risk by project", late, "project_name", "at_risk", unit="submittals"),
    ]
    order = current.sort_values(["float_days", "late_days"], ascending=[True, False], ignore_index=True)
    people = ("ball_in_court", "name", "user.name")
    return Analysis(summary, order[_SHOWN], tables, findings, pictures, people)


def current_submittals(data: ReportData, rejected: tuple[str, ...]) -> pd.DataFrame:
    """Return the newest revision of each submittal that is not void, with the columns that decide."""
    rows = _revisions(data, rejected)
    return data.current(_NAME, rows, rows["chain"])


def _revisions(data: ReportData, rejected: tuple[str, ...]) -> pd.DataFrame:
    """Return all revisions that are not void, with the columns that decide."""
    rows = data.take(_NAME, "status.name", _DECIDING, _OTHER)
    name, base = status_codes(rows["status.name"]), status_codes(rows["status.status"])
    rows = data.exclude(_NAME, rows, name.eq("void") | base.eq("void"), "void")
    created, closed = data.days(rows, "created_at"), data.days(rows, "closed_at")
    rows, _, closed, name, base = data.started_by_day(_NAME, rows, created, closed, name, base)
    # A company names its statuses as it likes; below each is one of Procore's own (`status.status`), if it is sent.
    base = base.where(base.ne(""), name)
    today = data.today(rows)
    running = base.isin(["open", "draft"])  # also under a name of the company, such as Revise and Resubmit
    is_closed = (base.eq("closed") | ((closed.notna() | name.isin(rejected)) & ~running)) & ~(closed > today)
    is_draft = base.eq("draft") | name.eq("draft")
    received = data.days(rows, "received_date")
    rows = with_deadlines(
        data, _NAME, rows, is_open=~is_closed & ~is_draft, started=received, closed=closed.where(is_closed)
    )
    rows["class"] = classify(rows.index, "open", {"draft": is_draft, "closed": is_closed})
    rows["cycle_days"] = data.between(rows, received, rows["closed"])
    for column in ("required_on_site_date", "submit_by"):
        rows[column] = data.days(rows, column)
    lead = pd.to_timedelta(amounts(rows["lead_time"]), unit="D").dt.round("D")
    rows["latest_approval"] = rows["required_on_site_date"] - lead
    refused = is_closed & (name.isin(rejected) | _refused(rows["approvers"], rejected))
    counts = ~is_closed | refused
    rows["float_days"] = (rows["latest_approval"] - today).dt.days.astype("Int64").where(counts)
    rows["at_risk"] = (rows["float_days"] < 0).astype("boolean").where(counts, False).fillna(False)
    rows["closed_rejected"], rows["no_float"] = refused, counts & rows["float_days"].isna()
    rows["late_to_submit"] = (is_draft & (rows["submit_by"] < today)).astype("boolean")
    if data.lacks(_NAME, "submit_by"):
        rows["late_to_submit"] = pd.NA
    if data.lacks(_NAME, "lead_time", "required_on_site_date"):
        rows["at_risk"] = pd.NA
    section = rows["specification_section.id"].fillna(rows["specification_section.number"])
    project, section = (column.astype("string").fillna("") for column in (rows["project_id"], section))
    chain = project + "/" + section + "/" + rows["number"].astype("string")
    rows["chain"] = chain.fillna(rows["id"].astype("string"))
    rows["ball_in_court"] = names_in(rows["ball_in_court"])
    return rows


def _refused(approvers: pd.Series[Any], rejected: tuple[str, ...]) -> pd.Series[Any]:
    """Return whether one of the last reviewers who responded rejected."""
    each = nested_records(approvers, "response.considered", "response.name", "workflow_group_number")
    answer = status_codes(each["response.considered"])  # else what the company calls it
    each["answer"] = answer.mask(answer.eq(""), status_codes(each["response.name"]))
    each = each[each["answer"].ne("")]
    step = amounts(each["workflow_group_number"]).fillna(0)
    last = each[step.eq(step.groupby(each["row"]).transform("max"))]
    return approvers.index.to_series().isin(last.loc[last["answer"].isin(rejected), "row"])


def _chains(rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each chain of revisions: first received, last closed, days, how many revisions, whether closed."""
    order = rows.assign(position=amounts(rows["revision"]).fillna(0)).sort_values("position", kind="stable")
    groups = order.groupby("chain", sort=False)
    chains = groups.agg(
        project_id=("project_id", "first"),
        number=("number", "first"),
        received=("started", "min"),
        closed=("closed", "max"),
        revisions=("chain", "size"),
        highest=("position", "max"),
    )
    chains["is_closed"] = groups["class"].last().eq("closed")
    days = (chains["closed"] - chains["received"]).dt.days.astype("Int64")
    chains["chain_days"] = days.where(chains["is_closed"])
    chains["resubmitted"] = (chains["revisions"] > 1) | (chains.pop("highest") > 0)
    return chains.reset_index()


def _responses(data: ReportData, rows: pd.DataFrame) -> pd.DataFrame:
    """Return one row for each approver who was sent a submittal and returned it, with the days between."""
    names = words("row user.name sent_date returned_date due_date")
    each = nested_records(rows["approvers"], *names)[names]
    each = each.join(rows[["project_id", "project_name", "number"]], on="row").drop(columns="row")
    for name in names[2:]:
        each[name] = local_days(each[name].astype("object"))
    each["days"] = data.between(each, each["sent_date"], each["returned_date"])
    each = each[each["days"].notna()]
    each["in_procores_mean"] = each["due_date"].notna() & (each["days"] < _LONGEST)
    return each.reset_index(drop=True)


def _figures(
    rows: pd.DataFrame, revisions: pd.DataFrame, chains: pd.DataFrame, responses: pd.DataFrame
) -> dict[str, Any]:
    closed = chains[chains["is_closed"]]
    by_rule = responses.loc[responses["in_procores_mean"], "days"]
    return {
        **{name: int(rows["class"].eq(name).sum()) for name in ("open", "draft", "closed")},
        "overdue": count(rows["overdue"]),
        "at_risk": count(rows["at_risk"]),
        "closed_rejected_at_risk": count(rows["at_risk"] & rows["closed_rejected"]),
        "without_float": int(rows["no_float"].sum()),
        "late_to_submit": count(rows["late_to_submit"]),
        "median_cycle_days": median(revisions["cycle_days"]),
        "mean_cycle_days": mean(revisions["cycle_days"]),
        "median_chain_days": median(closed["chain_days"]),
        "closed_chains": len(closed),
        "resubmitted_percent": percent(closed["resubmitted"].sum(), len(closed)),
        "mean_response_days": mean(by_rule),
        "mean_response_of": len(by_rule),
        "median_response_days": median(responses["days"]),
        "responses": len(responses),
    }
