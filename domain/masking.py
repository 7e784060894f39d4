"""Secrets and personal data are taken out before anything is kept (requirements D6, O5).

Own rule: a secret, an address, a message of the buyer becomes ``***``; of a person's name the first character stays
(``王**``), of a phone number enough to recognise it (``138****1234``). Country, province, city, amounts, codes and
the buyer's id at the shop (``shop_buyer_id``, needed by requirement F02) are left as they are.
Masking what is masked already changes nothing.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from functools import lru_cache
from json import JSONEncoder
from typing import Any
from urllib.parse import quote_plus, unquote_plus

from domain import jsontext

HIDDEN = "***"
"""What stands where a value was taken out whole."""


class Privacy(StrEnum):
    """Why a value must not be kept as it is, which decides how it is masked."""

    SECRET = "secret"  # noqa: S105  the name of a class of keys, not a secret
    NAME = "name"
    PHONE = "phone"
    CONFIDENTIAL = "confidential"
    """Addresses, e-mail, identity and tax numbers, words of the buyer."""
    FREE_TEXT = "free_text"
    """Notes of the staff: kept, but for the phone numbers in them."""
    PERSON = "person"
    """An object that describes a person, so that a plain ``name`` inside it is a person's."""


_SECRET_KEYS = frozenset(
    ("sign", "wdtsign", "topsign", "salt", "wdtsalt", "session", "cookie", "setcookie", "authorization", "passport")
)
_SECRET_ENDINGS = (
    "secret",
    "appsec",
    "secpwd",
    "password",
    "passwd",
    "pwd",
    "token",
    "signature",
    "sessionid",
    "apikey",
    "privatekey",
)
_PERSON_KEYS = frozenset(
    (
        *(
            "receiver",
            "receiverinfo",
            "recipient",
            "recipientinfo",
            "consignee",
            "consigneeinfo",
            "sender",
            "senderinfo",
        ),
        *("buyer", "buyerinfo", "contact", "contacts", "contactinfo", "receivecuscontact", "linkman"),
        *("addressinfo", "card", "cardinfo"),
    )
)
_PERSONS = ("receiver", "receive", "recipient", "consignee", "buyer", "sender", "contact", "linkman", "invoiceuser")
_NAME_KEYS = frozenset(("invoicetitle", "nickname", "realname", "fullname", "receivernick"))
_NAME_ENDINGS = tuple(person + ending for person in _PERSONS for ending in ("name", "fullname", "nickname"))
_PHONE_KEYS = frozenset(("tel", "telno", "fax"))
_PHONE_ENDINGS = (
    *("mobile", "mobiles", "phone", "phones", "telephone", "phoneno", "mobileno", "mobilelist"),
    *(person + ending for person in _PERSONS for ending in ("tel", "telno")),
)
_CONFIDENTIAL_KEYS = frozenset(
    (
        *("addr", "detailaddress", "addressline", "addressline1", "addressline2", "addressline3"),
        *("zip", "zipcode", "postcode", "postalcode", "idcard", "idcardno", "idno", "cardid"),
        *("buyertaxno", "buyeraccount", "buyermessage", "buyermemo", "buyerremark"),
    )
)
_CONFIDENTIAL_ENDINGS = (
    *("address", "addresses", "email"),
    *(person + end for person in _PERSONS for end in ("addr", "zip", "zipcode", "postcode", "message", "idcard")),
)
_FREE_TEXT_KEYS = frozenset(("node", "note", "headnote", "entrynote", "memo"))
_FREE_TEXT_ENDINGS = ("remark", "memo")
_INSIDE_A_PERSON = {"name": Privacy.NAME, "fname": Privacy.NAME, "username": Privacy.NAME, "value": Privacy.NAME}


@lru_cache(maxsize=8192)
def privacy_of(key: str, in_person: bool = False) -> Privacy | None:
    """What kind of private value a field key announces; None when it announces none.

    Args:
        key: the field as the vendor spells it (any case, underscores, Galaxy's ``F``, a dotted path).
        in_person: the field belongs to an object that describes a person.
    """
    plain = re.sub(r"[^a-z0-9]", "", key.rsplit(".", 1)[-1].lower())
    forms = {plain, plain.removeprefix("f")}
    groups: tuple[tuple[Privacy, frozenset[str], tuple[str, ...]], ...] = (
        (Privacy.SECRET, _SECRET_KEYS, _SECRET_ENDINGS),
        (Privacy.CONFIDENTIAL, _CONFIDENTIAL_KEYS, _CONFIDENTIAL_ENDINGS),
        (Privacy.NAME, _NAME_KEYS, _NAME_ENDINGS),
        (Privacy.PHONE, _PHONE_KEYS | {"linkphone"}, _PHONE_ENDINGS),
        (Privacy.FREE_TEXT, _FREE_TEXT_KEYS, _FREE_TEXT_ENDINGS),
        (Privacy.PERSON, _PERSON_KEYS, ()),
    )
    for privacy, keys, endings in groups:
        if forms & keys or (endings and plain.endswith(endings)):
            return privacy
    return _INSIDE_A_PERSON.get(plain) if in_person else None


def _mask_name(value: str) -> str:
    name = value.strip()
    return name[0] + "**" if len(name) > 1 else HIDDEN


def _mask_phone(value: str) -> str:
    number = value.strip()
    if len(number) >= 11:
        return f"{number[:3]}****{number[-4:]}"
    return f"{number[:2]}****{number[-2:]}" if len(number) >= 7 else HIDDEN


_MOBILE = re.compile(r"(?<![0-9])1[3-9][0-9]{9}(?![0-9])")


def _mask_free_text(value: str) -> str:
    """A note stays readable: only mobile numbers, and private members of JSON quoted in it, are masked."""
    return _MOBILE.sub(lambda found: _mask_phone(found[0]), _mask_json(value) if '"' in value else value)


def _hide(_: str) -> str:
    return HIDDEN


_MASKS: dict[Privacy, Callable[[str], str]] = {
    Privacy.SECRET: _hide,
    Privacy.CONFIDENTIAL: _hide,
    Privacy.NAME: _mask_name,
    Privacy.PHONE: _mask_phone,
    Privacy.FREE_TEXT: _mask_free_text,
    Privacy.PERSON: _mask_name,  # a person given as plain text is given by name
}
_WHOLE = frozenset((Privacy.SECRET, Privacy.CONFIDENTIAL, Privacy.NAME, Privacy.PHONE))
"""What is masked whatever type the value has; objects and arrays are then replaced as a whole."""


def mask(tree: Any) -> Any:
    """A copy of a JSON tree with its private values masked; everything else is unchanged, numbers to the digit.

    A private field that holds an object or array is replaced as a whole. JSON text inside a string is masked too.
    """
    return _mask_value(tree, None, in_person=False)


def _mask_value(value: Any, privacy: Privacy | None, *, in_person: bool) -> Any:
    if isinstance(value, str):
        return _mask_string(value, privacy)
    if value is None or isinstance(value, bool):
        return value
    if privacy in _WHOLE:
        return HIDDEN if isinstance(value, (Mapping, list, tuple)) else _MASKS[privacy](str(value))
    inside = in_person or privacy is Privacy.PERSON
    if isinstance(value, Mapping):
        return {
            key: _mask_value(item, _privacy_in(value, key, inside), in_person=inside) for key, item in value.items()
        }
    if isinstance(value, (list, tuple)):
        named = Privacy.NAME if inside else None
        return [_mask_value(item, named if isinstance(item, str) else None, in_person=inside) for item in value]
    return value


def _privacy_in(form: Mapping[str, Any], key: str, in_person: bool = False) -> Privacy | None:
    # The code of a token request is an authorisation; the code of a reply is only its result.
    if key == "code" and "grant_type" in form:
        return Privacy.SECRET
    return privacy_of(key, in_person)


def _mask_string(value: str, privacy: Privacy | None) -> str:
    if not value:
        return value
    if privacy is not None:
        return _MASKS[privacy](value)
    return _mask_json(value) if '"' in value else value


_STRING = r'"[^"\\]*+(?:\\.[^"\\]*+)*+\\?(?:"|\Z)'
"""A JSON string; one that was cut off reaches to the end of the text."""
_BRACKET = re.compile(_STRING + r"|[{}\[\]]", re.DOTALL)
_KEY = re.compile(r'"([^"\\]++)"\s*+:')
_FORM = re.compile(r"[\w.%~+*-]+=[^\s{}<>\"]*\Z", re.ASCII)
_quote = JSONEncoder(ensure_ascii=False).encode
_NO_NUMBER = frozenset(("null", "true", "false"))


@lru_cache(maxsize=256)
def _places(keys: frozenset[str]) -> re.Pattern[str]:
    """Where a JSON text may hold private values: members with one of `keys`, and strings with JSON text in them.

    Only the latter contain escaped quotes, so a quoted key can be nothing but a key.
    """
    member = "|".join(re.escape(key) for key in sorted(keys)) or r"(?!)"
    return re.compile(
        rf'"(?P<key>{member})"\s*+:\s*+'
        rf'(?:(?P<string>{_STRING})|(?P<open>[{{\[])|(?P<literal>[^\s"{{}}\[\],:\\]++))'
        r'|(?P<escaped>"[^"\\]*+(?:\\.[^"\\]*+)++\\?(?:"|\Z))',
        re.DOTALL,
    )


def mask_text(text: str) -> str:
    """Mask a body: JSON (its layout is kept; the end may have been cut off), a form, or any other text."""
    if text.lstrip()[:1] in ("{", "["):
        return _mask_json(text)
    return _mask_form(text) if _FORM.match(text) else _mask_free_text(text)


def _mask_form(text: str) -> str:
    pairs = [pair.partition("=") for pair in text.split("&")]
    keys = {unquote_plus(key): None for key, _, _ in pairs}
    masked = []
    for key, equals, value in pairs:
        plain = unquote_plus(value)
        kept = _mask_string(plain, _privacy_in(keys, unquote_plus(key)))
        masked.append(key + equals + (value if kept == plain else quote_plus(kept, safe="*")))
    return "&".join(masked)


def _mask_json(text: str) -> str:
    """Mask in the text itself: no tree is built, so that a large body costs little where nothing is private."""
    keys = frozenset(key for key in set(_KEY.findall(text)) if privacy_of(key))
    if '"grant_type"' in text:
        keys |= {"code"}
    if not keys and "\\" not in text:
        return text
    parts: list[str] = []
    done = 0
    for place in _places(keys).finditer(text):
        if place.start() < done:
            continue
        start, end, masked = _mask_place(text, place)
        parts += (text[done:start], masked)
        done = end
    return "".join((*parts, text[done:]))


def _mask_place(text: str, place: re.Match[str]) -> tuple[int, int, str]:
    """From where to where the text changes, and into what."""
    key, string, opening, literal, escaped = place.groups()
    if key is None:
        return *place.span("escaped"), _mask_quoted(escaped, None)
    privacy = Privacy.SECRET if key == "code" else privacy_of(key)
    if string is not None:
        return *place.span("string"), _mask_quoted(string, privacy)
    if literal is not None:
        hidden = privacy in _WHOLE and literal not in _NO_NUMBER
        return *place.span("literal"), _mask_quoted(f'"{literal}"', privacy) if hidden else literal
    start = place.start("open")
    if privacy is Privacy.FREE_TEXT:
        return start, start + 1, opening
    end = _end_of_container(text, start)
    try:
        return start, end, jsontext.dumps(_mask_value(jsontext.loads(text[start:end]), privacy, in_person=False))
    except (ValueError, RecursionError):
        return start, end, f'"{HIDDEN}"'  # cut off: what is left of it is not kept


def _mask_quoted(quoted: str, privacy: Privacy | None) -> str:
    """Mask a JSON string, given and returned in its quotes and escapes."""
    closing = '"' if quoted.endswith('"') and len(quoted) > 1 else ""
    raw = quoted[1 : len(quoted) - len(closing)]
    plain = _unescape(raw)
    masked = _mask_string(plain, privacy)
    if masked == plain:
        return quoted
    # Half of a surrogate pair may be all that is left of a name; it is no character.
    return _quote(masked.encode(errors="replace").decode())[:-1] + closing


_CUT_ESCAPE = re.compile(r"(?<!\\)((?:\\\\)*+)\\(?:u[0-9A-Fa-f]{0,3})?\Z")


def _unescape(raw: str) -> str:
    if "\\" not in raw:
        return raw
    whole = _CUT_ESCAPE.sub(r"\1", raw)
    try:
        return str(jsontext.loads(f'"{whole}"'))
    except ValueError:
        return raw  # not a JSON string after all: mask it as it stands


def _end_of_container(text: str, start: int) -> int:
    depth = 0
    for bracket in _BRACKET.finditer(text, start):
        if bracket[0] in ("{", "["):
            depth += 1
        elif bracket[0] in ("}", "]"):
            depth -= 1
            if depth == 0:
                return bracket.end()
    return len(text)
