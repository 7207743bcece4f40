"""What to do next, in words: the same for errors and for `diagnose`.

In: a status and what Procore said. Out: one or two sentences. Speaks to no service.
Sources: https://developers.procore.com/documentation/oauth-client-credentials and
https://developers.procore.com/documentation/developer-managed-service-accounts
"""

from __future__ import annotations

COMPANY_ID = (
    "The company id is the first number in the address bar of Procore's web application "
    "(…/<company id>/company/home/list)."
)
NOT_JSON = "A proxy, a login page or a maintenance page may have answered in Procore's place; try again, then check the proxy."
REDIRECT = "Check the hosts of the environment: the token is not sent along a redirect."
NO_REPLY = "Check the network, VPN or proxy (HTTPS_PROXY), and the hosts of the environment."
TLS = (
    "A company proxy that opens TLS needs its certificate: set REQUESTS_CA_BUNDLE to that file. "
    "Certificates are always checked."
)
REFUSED_CREDENTIALS = (
    "Likely causes: the secret is wrong or was renewed; the keys belong to another environment (production and sandbox "
    "have keys of their own); the app or its service account was removed; or the service account's directory contact was "
    "added to another company or its e-mail was changed, which breaks the account."
)
WRONG_COMPANY = (
    "Check the company id: it may belong to another environment or account. " + COMPANY_ID + " "
    "The app must be installed in that company."
)
NO_PERMISSION = (
    "A new service account starts with no permissions: the token is issued and every call is refused. Ask a company "
    "administrator to give its directory user at least Read Only on the tool, and to add the project to the permitted "
    "projects of the app; that list must be set again after an app update, and new projects are not added by "
    "themselves."
)
APP_NOT_CONNECTED = (
    "Ask a company administrator to install the app in this company (App Management), or check the company id. "
    + COMPANY_ID
)
FRESH_REFUSED = (
    "A fresh token was refused as well: the service account may have been removed, or the token belongs to another "
    "environment."
)
NOT_VISIBLE = (
    "It does not exist, this account may not see it, the tool is off in that project, or the company id is wrong. "
    + COMPANY_ID
)
ASK_DIFFERENTLY = "Check the arguments; procore.endpoint(name) lists those this list knows."
TOO_MUCH = "Ask for less at once: fewer rows a page, a filter, or a shorter time range."
TOO_MANY = (
    "Other programs with the same client id share this limit. Wait, or give more patience with "
    "connect(…, max_wait_seconds=…)."
)
IN_TROUBLE = "Procore, or a gateway before it, is in trouble: try again in some minutes."


def app_not_connected(reason: str) -> bool:
    """Return whether a refusal says that the app is not installed in the company; Procore has no code for it."""
    return "not connected" in reason.lower()


def concerns_company(reason: str) -> bool:
    """Return whether a refusal is about the whole company, and no single project's."""
    return app_not_connected(reason) or "procore-company-id" in reason.lower()


def for_status(status: int, reason: str = "") -> str:
    """Return the advice for a response that says no."""
    if status == 401:
        return FRESH_REFUSED
    if concerns_company(reason):
        return APP_NOT_CONNECTED if app_not_connected(reason) else WRONG_COMPANY
    words = {403: NO_PERMISSION, 404: NOT_VISIBLE, 408: TOO_MUCH, 429: TOO_MANY}
    return words.get(status, IN_TROUBLE if status >= 500 else ASK_DIFFERENTLY)
