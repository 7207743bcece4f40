"""What to do next, in words: the same for errors and for `diagnose`.

In: a status, the host that answered, and its own words. Out: one to three sentences. Speaks to no service.
Sources: https://developers.procore.com/documentation/oauth-client-credentials,
https://developers.procore.com/documentation/developer-managed-service-accounts and
https://developers.procore.com/documentation/error-reference
"""

from __future__ import annotations

COMPANY_ID = (
    "The company id is the first number in the address bar of Procore's web application: "
    "…/<company id>/company/home/list, or …/companies/<company id>/…"
)
NOT_JSON = "A proxy, a login page or a maintenance page may have answered in Procore's place: try again, then check the proxy."
HOSTS = "Check login_url and api_url of the environment."
REDIRECT = "The token is not sent along a redirect. " + HOSTS
NO_REPLY = "Check the network, VPN or proxy (HTTPS_PROXY), and the hosts of the environment."
SLOW = "Request less at once (a filter, fewer rows a page), or allow more time: connect(…, response_timeout_seconds=…)."
TOO_LARGE = "Request fewer rows a page or set a filter, or allow more: connect(…, max_response_bytes=…)."
PROXY_SETTINGS = (
    "Check HTTPS_PROXY and ALL_PROXY: an address such as http://proxy.example:8080. A SOCKS proxy also needs: "
    "pip install pysocks."
)
TLS = (
    "A company proxy that opens TLS needs its certificate: set REQUESTS_CA_BUNDLE to that file. "
    "Certificates are always checked."
)
CA_BUNDLE = "Correct the variable, or remove it to use the certificates that come with requests."
REFUSED_CREDENTIALS = (
    "Likely causes: the secret is wrong or was renewed; the keys belong to another environment (production and sandbox "
    "have keys of their own); the app or its service account was removed; or the service account's directory contact was "
    "added to another company or its e-mail was changed, which breaks the account."
)
NO_LOGIN_HERE = (
    "The credentials were not checked: there is no login at this address. Check login_url of the environment; "
    "Procore's is https://login.procore.com for production."
)
LOGIN_FORBIDDEN = (
    "The credentials were not checked. A firewall, VPN or proxy may forbid this address; or check login_url."
)
LOGIN_REQUEST = (
    "The host did not understand the login, which says nothing about the secret. Check that login_url is Procore's "
    "login host and that the app is a service account (client credentials)."
)
TOO_MANY_LOGINS = "Too many logins in a short time: wait, then connect once and keep the connection."
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
    "Fresh tokens were refused as well: the service account may have been removed, or api_url belongs to another "
    "environment than login_url."
)
NOT_VISIBLE = (
    "It does not exist, this account may not see it, the tool is off in that project, or the company id is wrong. "
    + COMPANY_ID
)
ASK_DIFFERENTLY = "Check the arguments; procore.endpoint(name) shows those of this list."
NO_SUCH_REQUEST = "This address does not answer such requests: look for the list with pnb.find_endpoints(…)."
TOO_MUCH = "Request less at once: fewer rows a page, a filter, or a shorter time range."
TOO_LONG = "The request is too long: pass fewer ids or filter values at once."
PROXY_LOGIN = "The proxy wants a login: put it into HTTPS_PROXY (http://user:password@proxy.example:8080)."
WEB_LOGIN = "This network wants a login in a web browser first (hotel, guest or company network)."
TOO_MANY = (
    "Other programs with the same client id share this limit. Wait, or allow a longer wait with "
    "connect(…, max_wait_seconds=…)."
)
IN_TROUBLE = "Procore, or a gateway before it, is in trouble: try again in some minutes."

_EITHER_HOST = {407: PROXY_LOGIN, 408: TOO_MUCH, 413: TOO_LONG, 414: TOO_LONG, 431: TOO_LONG, 511: WEB_LOGIN}
_API_HOST = {401: FRESH_REFUSED, 403: NO_PERMISSION, 404: NOT_VISIBLE, 429: TOO_MANY}
_API_HOST |= dict.fromkeys((405, 410), NO_SUCH_REQUEST)
_LOGIN_HOST = {
    400: LOGIN_REQUEST,
    401: REFUSED_CREDENTIALS,
    403: LOGIN_FORBIDDEN,
    408: NO_REPLY,
    429: TOO_MANY_LOGINS,
}
_LOGIN_HOST |= dict.fromkeys((404, 405, 410), NO_LOGIN_HERE)


def app_not_connected(reason: str) -> bool:
    """Return whether a refusal says that the app is not installed in the company; Procore has no code for it."""
    return "not connected" in reason.lower()


def concerns_company(reason: str) -> bool:
    """Return whether a refusal is about the whole company, and no single project's."""
    return app_not_connected(reason) or "procore-company-id" in reason.lower()


def for_status(status: int, reason: str = "", *, login: bool = False, web_page: bool = False) -> str:
    """Return the advice for a response that says no; `web_page`: something before Procore's API answered with HTML."""
    said = reason.lower()
    if 300 <= status < 400:
        return REDIRECT
    if login:
        # RFC 6749, 5.2: the login host may refuse credentials with 400 or 401 and this code.
        refused = status in (400, 401, 403) and ("invalid_client" in said or "invalid_grant" in said)
        found = REFUSED_CREDENTIALS if refused else _LOGIN_HOST.get(status)
        return found or _EITHER_HOST.get(status) or (IN_TROUBLE if status >= 500 else LOGIN_REQUEST)
    if web_page and status in (400, 401, 403, 404, 405, 406):
        return NOT_JSON + " " + HOSTS
    if status != 401 and concerns_company(reason):
        return APP_NOT_CONNECTED if app_not_connected(reason) else WRONG_COMPANY
    found = _API_HOST.get(status) or _EITHER_HOST.get(status)
    return found or (IN_TROUBLE if status >= 500 else ASK_DIFFERENTLY)
