from __future__ import annotations

import httpx
import pytest

from sandbox.faults import FaultName, FaultRule
from sandbox.rates.chinamoney import CURRENT_PATH, HISTORY_PATH
from sandbox.rates.safe import QUERY_PATH
from sandbox.rates.state import RatesState, Site

PATHS = {
    Site.CHINAMONEY: HISTORY_PATH,
    Site.SAFE: QUERY_PATH,
    Site.FRANKFURTER: "/v1/latest",
}


@pytest.mark.parametrize("site_down", list(Site))
def test_a_site_is_down_alone(site: httpx.Client, site_down: Site) -> None:
    assert site.put("/_sandbox/down", json={"sites": [site_down]}).json() == {"down": [site_down]}
    for name, path in PATHS.items():
        assert site.get(path).status_code == (503 if name is site_down else 200)
    site.put("/_sandbox/down", json={"sites": []})
    assert site.get(PATHS[site_down]).status_code == 200


@pytest.mark.parametrize(
    ("kind", "status"),
    [
        (FaultName.SERVER_ERROR, 502),
        (FaultName.SERVER_EXCEPTION, 500),
        (FaultName.HTML_PAGE, 200),
        (FaultName.NO_PERMISSION, 403),
        (FaultName.THROTTLE, 429),
        (FaultName.LOCKED, 500),
        (FaultName.GATEWAY_TIMEOUT, 504),
    ],
)
def test_pages_instead_of_rates(site: httpx.Client, kind: FaultName, status: int) -> None:
    site.post("/_sandbox/faults", json={"kind": kind, "operation": "ccpr.json"})
    reply = site.get(CURRENT_PATH)
    assert reply.status_code == status
    assert reply.headers["content-type"].startswith("text/html")
    assert site.get(CURRENT_PATH).headers["content-type"] == "application/json"


def test_the_vendors_own_failure(site: httpx.Client, rates_state: RatesState) -> None:
    rates_state.faults.add(FaultRule(kind=FaultName.VENDOR, operation="CcprHisNew", code="500", message="系统繁忙"))
    head = site.get(HISTORY_PATH).json()["head"]
    assert (head["rep_code"], head["rep_message"]) == ("500", "系统繁忙")
    rates_state.faults.add(FaultRule(kind=FaultName.VENDOR, operation="RMBQuery.do"))
    assert site.get(QUERY_PATH).status_code == 500


@pytest.mark.parametrize("kind", [FaultName.CUT_BEFORE, FaultName.LOSE_REPLY])
def test_cut_connections(site: httpx.Client, rates_state: RatesState, kind: FaultName) -> None:
    rates_state.faults.add(FaultRule(kind=kind))
    with pytest.raises(httpx.TransportError):
        site.get(QUERY_PATH)


def test_no_answer(site: httpx.Client, rates_state: RatesState) -> None:
    rates_state.faults.add(FaultRule(kind=FaultName.HANG, operation="frankfurter v1"))
    with pytest.raises(httpx.ReadTimeout):
        site.get("/v1/latest", timeout=0.2)


def test_calls_are_counted(site: httpx.Client) -> None:
    site.get(CURRENT_PATH)
    site.get("/v2/rates")
    site.get("/v2/rate/USD/CNY")
    stats = site.get("/_sandbox/stats").json()
    assert stats["by_operation"] == {"ccpr.json": 1, "frankfurter v2": 2}


def test_the_clock_and_publications_can_be_set(site: httpx.Client) -> None:
    values = {"USD/CNY": "6.7804"}
    assert site.post("/_sandbox/publications", json={"day": "2026-09-08", "values": values}).json() == {"days": 14}
    assert site.get(CURRENT_PATH).json()["data"]["lastDate"] == "2026-09-04 9:15"
    site.put("/_sandbox/clock", json={"now": "2026-09-08T01:15:00Z"})
    assert site.get(CURRENT_PATH).json()["data"]["lastDate"] == "2026-09-08 9:15"


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "clock", {"now": "2026-09-08T01:15:00"}),
        ("PUT", "down", {"sites": ["pboc"]}),
        ("POST", "publications", {"day": "2026-09-08", "values": {"VND/CNY": "1"}}),
    ],
)
def test_admin_refuses_nonsense(site: httpx.Client, method: str, path: str, body: dict[str, object]) -> None:
    assert site.request(method, f"/_sandbox/{path}", json=body).status_code == 422
