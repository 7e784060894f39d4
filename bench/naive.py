"""What most people run: a script that carries one document after the other, and forgets everything when it dies.

For each bill four calls: is it there, save, submit, audit. It is given its bills ready-made, so that it is spared the
mapping. Run as ``python -m bench.naive FILE``; the file is JSON with the ``account`` and the ``bills``. What it took
is the only line on stdout, in seconds.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx

from domain import jsontext

_FORMS = "Kingdee.BOS.WebApi.ServicesStub.DynamicFormService."
_LOGIN = "Kingdee.BOS.WebApi.ServicesStub.AuthService.LoginByAppSecret"
_SIMPLIFIED_CHINESE = 2052


def post_all(account: Mapping[str, str], form: str, bills: Sequence[Mapping[str, Any]]) -> float:
    """Carry every bill to audited; returns the seconds it took. Ends the process when the ERP refuses anything."""
    with httpx.Client(base_url=account["url"], timeout=120, trust_env=False) as client:
        login = {name: account[name] for name in ("acct_id", "user_name", "app_id", "app_secret")}
        told = _call(client, _LOGIN, {"parameters": [*login.values(), _SIMPLIFIED_CHINESE]})
        if told["LoginResultType"] != 1:
            sys.exit(f"log-in: {told['Message']}")
        began = time.perf_counter()
        for bill in bills:
            _post(client, form, bill["number"], bill["model"])
        return time.perf_counter() - began


def _post(client: httpx.Client, form: str, number: str, model: Mapping[str, Any]) -> None:
    query = {"FormId": form, "FieldKeys": "FID,FDocumentStatus", "FilterString": f"FBillNo = '{number}'"}
    if _call(client, f"{_FORMS}ExecuteBillQuery", {"data": query}):
        return
    save = {"formid": form, "data": {"IsVerifyBaseDataField": True, "Model": model}}
    for operation, body in (("Save", save), *((step, _step(form, number)) for step in ("Submit", "Audit"))):
        status = _call(client, f"{_FORMS}{operation}", body)["Result"]["ResponseStatus"]
        if not status["IsSuccess"]:
            sys.exit(f"{operation} {number}: {status['Errors']}")


def _step(form: str, number: str) -> dict[str, Any]:
    return {"formid": form, "data": {"Numbers": [number]}}


def _call(client: httpx.Client, service: str, body: Any) -> Any:
    sent = jsontext.dumps(body).encode()
    answer = client.post(f"{service}.common.kdsvc", content=sent, headers={"content-type": "application/json"})
    answer.raise_for_status()
    return jsontext.loads(answer.content)


def main() -> None:
    """The script."""
    work = jsontext.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    sys.stdout.write(f"{post_all(work['account'], work['form'], work['bills'])}\n")


if __name__ == "__main__":
    main()
