"""Reports: questions of practice, answered in one call from a connection, a store or frames."""

from procore_nb.reports.billing_report import billing
from procore_nb.reports.budget_reports import buyout, cost, wip
from procore_nb.reports.change_report import changes
from procore_nb.reports.compliance_report import compliance
from procore_nb.reports.health_report import portfolio_health
from procore_nb.reports.quality_reports import punch, quality
from procore_nb.reports.rfi_report import rfis
from procore_nb.reports.schedule_report import schedule
from procore_nb.reports.site_reports import manpower, safety
from procore_nb.reports.submittal_report import submittals
