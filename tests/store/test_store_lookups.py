"""Mapping tables, rates and tokens."""

from __future__ import annotations

import asyncio
from datetime import date, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import SecretStr
from sqlalchemy import text

from domain.journal import MappingRow
from domain.keys import mapping_gap, normalise
from domain.rates import Rate
from store.engine import Database, database_url
from store.errors import TokenKeyMissing, TokenUnreadable
from store.store import Store

DAY = date(2026, 3, 2)
BLANKS = st.text(alphabet=" \t\n\u3000", max_size=3)


def row(key: str, material: str, *, connection: str = "", collection: str = "sku") -> MappingRow:
    return MappingRow(collection=collection, key=key, values={"material": material}, connection=connection)


def rate(value: str, *, currency: str = "USD", day: date = DAY, source: str = "central_parity") -> Rate:
    return Rate(currency=currency, value=Decimal(value), day=day, source=source, source_date=day, official=True)


# ── mapping tables ──────────────────────────────────────────────────────────────────────────────────────────────────


async def test_codes_are_found_by_the_key_as_asked(store: Store) -> None:
    await store.put_mappings([row(" Abc ", "M1"), row("宝贝-1", "M2"), row("abc", "W1", collection="warehouse")])

    found = await store.mapping("sku", "shop_a", ["ABC", "abc ", "宝贝-1", "none"])

    assert found == {"ABC": {"material": "M1"}, "abc ": {"material": "M1"}, "宝贝-1": {"material": "M2"}}
    assert await store.mapping("sku", "shop_a", []) == {}


async def test_a_connections_own_row_goes_before_the_one_for_all(store: Store) -> None:
    await store.put_mappings(
        [row("A", "all"), row("A", "own", connection="shop_a"), row("B", "b", connection="shop_b")]
    )

    assert await store.mapping("sku", "shop_a", ["A", "B"]) == {"A": {"material": "own"}}
    assert await store.mapping("sku", "shop_b", ["A", "B"]) == {"A": {"material": "all"}, "B": {"material": "b"}}


async def test_look_ups_at_the_same_time_get_their_own_answers(store: Store) -> None:
    rows = [row(f"K{n}", f"{shop}{n}", connection=shop) for n in range(50) for shop in ("shop_a", "shop_b")]
    await store.put_mappings([*rows, row("K0", "for all", collection="warehouse")])

    asked = [(table, shop, n) for n in range(50) for shop in ("shop_a", "shop_b") for table in ("sku", "warehouse")]
    found = await asyncio.gather(*(store.mapping(table, shop, [f"k{n}"]) for table, shop, n in asked))

    for (table, shop, n), answer in zip(asked, found, strict=True):
        material = f"{shop}{n}" if table == "sku" else "for all" if n == 0 else None
        assert answer == ({f"k{n}": {"material": material}} if material else {})


async def test_putting_rows_tells_the_gaps_they_close(store: Store) -> None:
    assert await store.put_mappings([row("A", "1"), row(" b", "2"), row("B ", "3")]) == [
        "mapping:sku:a",
        "mapping:sku:b",
    ]
    assert (await store.mapping("sku", "", ["b"]))["b"] == {"material": "3"}

    assert await store.put_mappings([row("A", "1"), row("b", "4"), row("c", "5")]) == ["mapping:sku:b", "mapping:sku:c"]
    assert await store.put_mappings([row("a", "9", connection="shop_a")]) == ["mapping:sku:a"]
    assert await store.put_mappings([]) == []


async def test_a_row_without_a_key_is_refused_and_nothing_is_stored(store: Store) -> None:
    with pytest.raises(ValueError, match="no key"):
        await store.put_mappings([row("A", "1"), row("  ", "2")])

    assert await store.mappings("sku") == []


async def test_a_table_is_listed_with_its_keys_as_written(store: Store) -> None:
    rows = [row("Abc", "M1"), row("Abc", "M2", connection="shop_a"), row("Z-9", "M3")]
    await store.put_mappings([*reversed(rows), row("x", "y", collection="warehouse")])

    assert await store.mappings("sku") == rows


async def test_a_large_table_goes_in_at_once_and_is_found_in_parts(store: Store) -> None:
    assert len(await store.put_mappings(row(f"SKU-{n}", f"M{n}") for n in range(5000))) == 5000
    assert len(await store.mapping("sku", "shop_a", [f"sku-{n}" for n in range(5000)])) == 5000


async def test_two_imports_at_the_same_time_both_go_in(url: str) -> None:
    async with await Store.open(url) as one, await Store.open(url) as two:
        forth = [row(f"S{n}", "one") for n in range(300)]
        back = [row(f"S{n}", "two") for n in reversed(range(600))]
        await asyncio.gather(one.put_mappings(forth), two.put_mappings(back))
        assert len(await one.mappings("sku")) == 600


@given(st.text())
def test_the_form_of_a_key_is_final(key: str) -> None:
    assert normalise(normalise(key)) == normalise(key)
    assert mapping_gap("sku", normalise(key)) == mapping_gap("sku", key)


@given(st.text(alphabet=st.characters(max_codepoint=127)), BLANKS, BLANKS)
def test_blanks_around_and_case_make_no_other_key(key: str, before: str, after: str) -> None:
    assert normalise(before + key.swapcase() + after) == normalise(key)
    assert mapping_gap("sku", before + key.upper() + after) == mapping_gap("sku", key)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])).filter(normalise), BLANKS, BLANKS)
async def test_a_row_is_found_however_its_key_is_written(store: Store, key: str, before: str, after: str) -> None:
    material = f"M {before}{key}{after}"
    closed = await store.put_mappings([row(before + key + after, material)])

    found = await store.mapping("sku", "shop_a", [key, key.casefold() + after])

    assert found == {key: {"material": material}, key.casefold() + after: {"material": material}}
    assert closed == [mapping_gap("sku", key)] or closed == []  # nothing, when this very row was there from before


# ── rates ───────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_rate_keeps_every_digit(store: Store) -> None:
    exact = rate("7.1234567890123456789012345678901234567890")
    tiny = rate("0.0430", currency="JPY")

    assert await store.put_rates([exact, tiny]) == [exact, tiny]

    assert await store.rate("USD", DAY) == exact
    kept = await store.rate("JPY", DAY)
    assert kept is not None
    assert str(kept.value) == "0.0430"
    assert await store.rate("EUR", DAY) is None
    assert await store.rate("USD", DAY + timedelta(days=1)) is None


async def test_a_rate_once_known_stands(store: Store) -> None:
    first = rate("7.10")
    await store.put_rates([first])

    standing = await store.put_rates([rate("7.20", source="safe"), rate("8.1", currency="EUR")])

    assert standing == [first, rate("8.1", currency="EUR")]
    assert await store.rate("USD", DAY) == first
    assert await store.put_rates([rate("1", currency="GBP"), rate("2", currency="GBP")]) == [rate("1", currency="GBP")]
    assert await store.put_rates([]) == []


async def test_workers_that_ask_two_sources_at_once_agree_afterwards(url: str) -> None:
    async with await Store.open(url) as one, await Store.open(url) as two:
        (first,), (second,) = await asyncio.gather(one.put_rates([rate("7.1")]), two.put_rates([rate("7.2")]))
        assert first == second == await one.rate("USD", DAY)


# ── tokens ──────────────────────────────────────────────────────────────────────────────────────────────────────────


async def test_a_token_is_kept_and_replaced(store: Store) -> None:
    assert await store.token("shop_a") is None
    await store.put_token("shop_a", "first")
    await store.put_token("shop_b", "令牌")
    await store.put_token("shop_a", "second")

    assert await store.token("shop_a") == "second"
    assert await store.token("shop_b") == "令牌"


async def test_a_token_is_nowhere_to_be_read_in_the_database(store: Store, url: str) -> None:
    await store.put_token("shop_a", "plain-token-text")

    (sealed,) = await _rows(url, "SELECT sealed FROM tokens")
    assert "plain-token-text" not in sealed
    made = database_url(url)
    if made.get_backend_name() == "sqlite":
        files = sorted(Path(made.database or "").parent.glob("kingpost.db*"))
        assert any(sealed.encode() in file.read_bytes() for file in files)
        assert all(b"plain-token-text" not in file.read_bytes() for file in files)


async def test_without_a_secret_key_tokens_are_refused(url: str) -> None:
    for nothing in (None, SecretStr("")):
        async with await Store.open(url, secret_key=nothing) as store:
            with pytest.raises(TokenKeyMissing, match="configure a secret key"):
                await store.put_token("shop_a", "text")
            with pytest.raises(TokenKeyMissing):
                await store.token("shop_a")


async def test_a_token_of_another_key_or_another_connection_is_unreadable(store: Store, url: str) -> None:
    await store.put_token("shop_a", "text")
    await _rows(url, "INSERT INTO tokens SELECT 'shop_b', sealed, changed_at FROM tokens RETURNING sealed")

    with pytest.raises(TokenUnreadable, match="shop_b"):
        await store.token("shop_b")
    async with await Store.open(url, secret_key=SecretStr("another key")) as other:
        with pytest.raises(TokenUnreadable) as caught:
            await other.token("shop_a")
    assert "text" not in str(caught.value)
    async with await Store.open(url, secret_key=SecretStr("correct horse battery staple")) as same:
        assert await same.token("shop_a") == "text"


async def _rows(url: str, statement: str) -> list[str]:
    db = Database(url)
    try:
        async with db.writing() as connection:
            return list((await connection.scalars(text(statement))).all())
    finally:
        await db.close()
