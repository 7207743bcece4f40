"""The replies that say no, in Procore's forms: several in v1, one in v2.

In: a status, words and the version of the path. Out: `ErrorReply`, raised anywhere below and turned into a reply by the
demo. Sources: Procore's error reference (https://developers.procore.com/documentation/error-reference).
"""

from __future__ import annotations

from procore_nb.demo.http_messages import DemoReply, Headers, json_reply

NO_SUCH_THING = "The URI requested is invalid or the resource requested does not exist."
NOT_CONNECTED = "App is not connected to this company"
MISSING_COMPANY = (
    "Missing Procore-Company-Id header! Send the id of the company this call is about in the header "
    "Procore-Company-Id with every request."
)
_CODES = {
    400: "BAD_REQUEST",
    401: "UNAUTHORIZED",
    403: "FORBIDDEN",
    404: "NOT_FOUND",
    405: "METHOD_NOT_ALLOWED",
}
_CODES |= {406: "NOT_ACCEPTABLE", 429: "TOO_MANY_REQUESTS", 500: "INTERNAL_SERVER_ERROR"}
_TITLES = {
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
}
_TITLES |= {406: "Not Acceptable", 429: "Too Many Requests", 500: "Internal Server Error"}
_REASONS = {400: "INVALID_PROPERTY", 401: "INVALID_TOKEN"}


class ErrorReply(Exception):
    """A reply that says no.

    Parameters
    ----------
    status
        HTTP status.
    message
        Words for the reader.
    reason
        v1: the key `reason`. v2: the reason code, where the status has several.
    source
        v2: the parameter at fault.
    loose
        v1: answer `{"errors": message}` instead of the five documented keys.
    headers
        Headers to send along.
    """

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str = "",
        source: str = "",
        loose: bool = False,
        headers: Headers | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.reason = reason
        self.source = source
        self.loose = loose
        self.headers = headers or []

    def reply(self, *, v2: bool) -> DemoReply:
        """Reply in the form of the path's version."""
        return json_reply(self._v2() if v2 else self._v1(), status=self.status, headers=self.headers)

    def _v1(self) -> dict[str, object]:
        if self.loose:
            return {"errors": self.message}
        error = "unauthorized" if self.status == 401 else ""
        fields = self.source
        return {
            "code": self.status,
            "message": self.message,
            "fields": fields,
            "reason": self.reason,
            "error": error,
        }

    def _v2(self) -> dict[str, object]:
        code = _CODES.get(self.status, "ERROR")
        detail = {"reason_code": _REASONS.get(self.status, code), "message": self.message}
        if self.source:
            detail["source"] = self.source
        return {"error": {"code": code, "message": _TITLES.get(self.status, code), "details": [detail]}}


def not_found() -> ErrorReply:
    """404 of a path, a company or a record that is not there or not to be seen."""
    return ErrorReply(404, NO_SUCH_THING)


def forbidden(message: str = "You do not have permission to do this.") -> ErrorReply:
    """403 of a project or tool the service account may not use."""
    return ErrorReply(403, message, reason="forbidden")


def bad_request(message: str, source: str = "") -> ErrorReply:
    """400 of a parameter that is missing or cannot be read."""
    return ErrorReply(400, message, reason="bad_request", source=source)


def bad_token(reason: str = "token_invalid", *, missing: bool = False) -> ErrorReply:
    """401 of a bearer token that is missing, unknown, expired or revoked."""
    realm = 'Bearer realm="Procore"'
    if not missing:
        realm += ', error="invalid_token", error_description="The access token is invalid"'
    return ErrorReply(
        401, "The access token is invalid", reason=reason, headers=[("WWW-Authenticate", realm)]
    )
