"""Who is calling: signed headers (mode A), logins (mode B), and the life of sessions (sections 2.4 and 3)."""

from __future__ import annotations

import base64
from binascii import Error as Base64Error
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from sandbox.galaxy import texts
from sandbox.galaxy.signing import api_signature, data_signature, login_signature, same, split_app_id

SESSION_NAME = "kdservice-sessionid"
_WRONG_PASSWORDS_ALLOWED = 5
_MILLISECOND_DIGITS = 13


@dataclass(frozen=True, slots=True)
class GalaxyConfig:
    """The account of the simulated server. All values are made up.

    Attributes:
        passport: content of the exported .cnf file, as LoginBySimplePassport sends it (base64).
        idle_seconds: a session not used for this long is lost.
        clock_tolerance: how many seconds the timestamp of a signed call may be off; None is not checked.
    """

    acct_id: str = "65f0a1b2c3d4e5"
    user_name: str = "demo_user"
    password: str = "demo-password"
    app_id: str = "900001_EBESExQVFhcYGRobHB0eHyAhIiMkJSYn"
    app_secret: str = "0123456789abcdef0123456789abcdef"
    passport: str = "ZGVtbyBwYXNzcG9ydA=="
    data_centre: str = "演示账套"
    idle_seconds: int = 3600
    clock_tolerance: int | None = None


class WrongDataCentre(Exception):
    """A signed call names a data centre that does not exist: answered with a status other than 200."""


@dataclass(slots=True)
class Session:
    """A login. `org` is what SwitchOrg chose."""

    id: str
    user: str
    last_used: float
    org: str | None = None


class Sessions:
    """Opens, finds and ends sessions. Parallel sessions of one user are allowed.

    Attributes:
        revoked: the application is not authorised for the user any more: no session is good and none is opened.
    """

    revoked = False

    def __init__(self, config: GalaxyConfig, clock: Callable[[], float]) -> None:
        self.config = config
        self._clock = clock
        self._sessions: dict[str, Session] = {}
        self._wrong_passwords = 0

    def open(self, user: str) -> Session:
        session = Session(str(uuid4()), user, self._clock())
        self._sessions[session.id] = session
        return session

    def find(self, session_id: str | None) -> Session | None:
        """The session with this id, kept alive; None when there is none or it was idle too long."""
        session = self._sessions.get(session_id or "")
        if session is None or self.revoked:
            return None
        now = self._clock()
        if now - session.last_used > self.config.idle_seconds:
            del self._sessions[session.id]
            return None
        session.last_used = now
        return session

    def end(self, session_id: str | None) -> None:
        self._sessions.pop(session_id or "", None)

    def expire_all(self) -> int:
        """End every session now; how many there were."""
        count = len(self._sessions)
        self._sessions.clear()
        return count

    def signed(self, path: str, headers: Mapping[str, str]) -> Session | None:
        """Check the signed headers of a call and open a session for it; None when they are not right.

        Raises:
            WrongDataCentre: the signature cannot even be looked at.
        """
        config = self.config
        app_data = _decoded(headers.get("x-kd-appdata", ""))
        parts = app_data.split(",")
        if len(parts) != 4:
            return None
        if parts[0] != config.acct_id:
            raise WrongDataCentre
        client_id, secret = split_app_id(config.app_id)
        nonce, timestamp = headers.get("x-api-nonce", ""), headers.get("x-api-timestamp", "")
        named = [name.strip().casefold() for name in headers.get("x-api-signheaders", "").split(",")]
        right = (
            headers.get("x-api-clientid") == client_id
            and headers.get("x-api-auth-version") == "2.0"
            and named == ["x-api-timestamp", "x-api-nonce"]
            and headers.get("x-kd-appkey") == config.app_id
            and parts[1] == config.user_name
            and self._is_timely(timestamp)
            and same(headers.get("x-api-signature", ""), api_signature(secret, path, nonce, timestamp))
            and same(headers.get("x-kd-signature", ""), data_signature(config.app_secret, config.app_id, app_data))
            and not self.revoked
        )
        return self.open(parts[1]) if right else None

    def _is_timely(self, timestamp: str) -> bool:
        """Whole seconds (Python SDK) or milliseconds (Java SDK), near enough to our clock."""
        if not timestamp.isdigit():
            return False
        if self.config.clock_tolerance is None:
            return True
        seconds = int(timestamp) / 1000 if len(timestamp) >= _MILLISECOND_DIGITS else int(timestamp)
        return abs(seconds - self._clock()) <= self.config.clock_tolerance

    def login(self, operation: str, given: dict[str, str]) -> tuple[Session | None, dict[str, Any]]:
        """A login operation with its (folded) parameters: the session it opens and the reply."""
        result, message = self._judge(operation, given)
        if result != 1:
            return None, self._reply(result, message, None)
        session = self.open(self.config.user_name)
        return session, self._reply(1, None, session)

    def _judge(self, operation: str, given: dict[str, str]) -> tuple[int, str | None]:
        """LoginResultType and text of a login."""
        config = self.config
        if self.revoked:
            return -1, texts.user_not_allowed(given.get("appid", ""), given.get("username", ""))
        if operation == "loginbysimplepassport":
            return (1, None) if given.get("passport") == config.passport else (0, texts.BAD_LOGIN)
        if given.get("acctid") != config.acct_id:
            return -1, texts.UNKNOWN_DATA_CENTRE
        user = given.get("username", "")
        if operation == "validateuser":
            return self._judge_password(user, given.get("password", ""))
        app_id = given.get("appid", "")
        if operation == "loginbysign":
            expected = login_signature(
                config.acct_id, config.user_name, config.app_id, config.app_secret, given.get("timestamp", "")
            )
            proven = same(given.get("sign", ""), expected)
        else:
            proven = same(given.get("appsecret", ""), config.app_secret)
        if app_id != config.app_id or user != config.user_name or not proven:
            return -1, texts.user_not_allowed(app_id, user)
        return 1, None

    def _judge_password(self, user: str, password: str) -> tuple[int, str | None]:
        if self._wrong_passwords >= _WRONG_PASSWORDS_ALLOWED:
            return -1, texts.ACCOUNT_LOCKED
        if user != self.config.user_name or not same(password, self.config.password):
            self._wrong_passwords += 1
            return 0, texts.BAD_LOGIN
        self._wrong_passwords = 0
        return 1, None

    def _reply(self, result: int, message: str | None, session: Session | None) -> dict[str, Any]:
        reply: dict[str, Any] = dict.fromkeys(
            ("FormId", "RedirectFormParam", "FormInputObject", "ErrorStackTrace", "AccessToken", "KdAccessResult")
        )
        return reply | {
            "Message": message,
            "MessageCode": "CheckPasswordPolicy",
            "LoginResultType": result,
            "Context": None if session is None else self._context(session),
            "KDSVCSessionId": "" if session is None else session.id,
            "Lcid": 0,
            "CustomParam": {},
            "IsSuccessByAPI": session is not None,
        }

    def _context(self, session: Session) -> dict[str, Any]:
        return {
            "UserLocale": "zh-CN",
            "LogLocale": "zh-CN",
            "DBid": self.config.acct_id,
            "DatabaseType": 3,
            "SessionId": session.id,
            "UseLanguages": [{"LocaleId": 2052, "LocaleName": "中文(简体)", "Alias": "CN"}],
            "UserId": 100001,
            "UserName": session.user,
            "CustomName": self.config.data_centre,
            "DisplayVersion": "9.0.553.10",
            "DataCenterName": self.config.data_centre,
            "UserToken": session.id,
            "CurrentOrganizationInfo": {"ID": 1, "AcctOrgType": "1", "Name": "总公司", "FunctionIds": [101, 102, 103]},
        }


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(text, validate=True).decode()
    except (Base64Error, UnicodeDecodeError):
        return ""
