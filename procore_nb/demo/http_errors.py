"""The replies that say no, in Procore's forms: several in v1, one in v2.

In: a status, words and the version of the path. Out: `ErrorReply`, raised anywhere below and turned into a reply by the
demo. Sources: Procore's error reference (https://developers.procore.com/documentation/error-reference).
"""

from __future__ import annotations

from http import HTTPStatus

from procore_nb.demo.http_messages import DemoReply, Headers, json_reply

NO_SUCH_THING = "The URI requested is invalid or the resource requested does not exist."
NOT_CONNECTED = "App is not connected to this company"
MISSING_COMPANY = (
    "Missing Procore-Company-Id header! Send the id of the company this call is about in the header "
    "Procore-Company-Id with every request."
)
_REASONS = {400: "INVALID_PROPERTY", 401: "INVALID_TOKEN"}


class ErrorReply(Exception):
    """A reply that says no; `reason` is for v1, `source` the parameter at fault, `loose` v1's `{"errors": message}`."""

    def __init__(
        self,
        status: int,
        message: str,
        *,
        reason: str = "",
        source: str = "",
        loose: bool = False,
        headers: Headers = (),
    ) -> None:
        super().__init__(message)
        self.status, self.message, self.headers = status, message, headers
        self.reason, self.source, self.loose = reason, source, loose

    def reply(self, *, v2: bool) -> DemoReply:
        """Reply in the form of the path's version."""
        return json_reply(self._v2() if v2 else self._v1(), status=self.status, headers=self.headers)

    def _v1(self) -> dict[str, object]:
        if self.loose:
            return {"errors": self.message}
        about = {"code": self.status, "message": self.message, "fields": self.source, "reason": self.reason}
        return {**about, "error": "unauthorized" if self.status == 401 else ""}

    def _v2(self) -> dict[str, object]:
        status = HTTPStatus(self.status)
        detail = {"reason_code": _REASONS.get(status, status.name), "message": self.message}
        if self.source:
            detail["source"] = self.source
        return {"error": {"code": status.name, "message": status.phrase, "details": [detail]}}


def not_found() -> ErrorReply:
    """404 of a path, a company or a record that is not there or not to be seen."""
    return ErrorReply(404, NO_SUCH_THING)


def forbidden(message: str = "You do not have permission to do this.") -> ErrorReply:
    """403 of a project or tool the service account may not use."""
    return ErrorReply(403, message, reason="forbidden")


def bad_request(message: str, source: str = "") -> ErrorReply:
    """400 of a parameter that is missing or cannot be read."""
    return ErrorReply(400, message, reason="bad_request", source=source)


def bad_token(reason: str) -> ErrorReply:
    """401 of a bearer token that is missing (`token_missing`), unknown, expired or revoked."""
    return ErrorReply(401, BAD_TOKEN, reason=reason, headers=[token_challenge(reason)])


BAD_TOKEN = "The access token is invalid"  # noqa: S105 - a message


def token_challenge(reason: str) -> tuple[str, str]:
    """The header of a 401 that says which scheme is expected, and what was wrong with a token that came."""
    fault = f', error="invalid_token", error_description="{BAD_TOKEN}"' if reason != "token_missing" else ""
    return "WWW-Authenticate", f'Bearer realm="Procore"{fault}'
