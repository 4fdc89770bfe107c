"""Personal data of events: hashed with a key, or left out, before anything is written down.

What is personal is told by name: `ip_address`, and the properties that the settings name, wherever they stand below an
event's own fields (user_properties, `$set` in them, data, event_properties, groups), and the last part of a name with
dots (`user_properties.email` of a flat file). Names are compared without regard to capitals. Text that looks like an
object, names one of them and cannot be read is held back whole. A hash is keyed: without the key nobody finds the value
by trying all addresses.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from pydantic import SecretStr

ADDRESS = "ip_address"
_HASH_LENGTH = 32
_NESTED = ("{", "[", '"')
_OBJECT = re.compile(r"[\s\[]*\{")
# Fields of an event that hold objects; a CSV has them as text.
OBJECTS = frozenset(
    ("data", "event_properties", "global_user_properties", "group_properties", "groups", "plan", "user_properties")
)


class PersonalData:
    """Takes personal data out of events.

    Args:
        properties: Names of personal properties.
        key: What they are hashed with; None: they are left out.
    """

    def __init__(self, properties: Collection[str], key: SecretStr | None) -> None:
        self._names = frozenset(name.casefold() for name in (*properties, ADDRESS))
        self._key = key.get_secret_value().encode() if key else None

    def protect(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """The event as it may be written down.

        A field of an event may be called as a property is (`country`, `language`): only `ip_address` is personal there.
        """
        kept: dict[str, Any] = {}
        for name, value in event.items():
            if name.casefold() == ADDRESS or ("." in name and self._is_personal(name)):
                if self._key is not None:
                    kept[name] = self._hash(value)
            elif name in OBJECTS and isinstance(value, str):
                kept[name] = self._inside(_parse(value))
            else:
                kept[name] = self._inside(value)
        return kept

    def _inside(self, value: Any) -> Any:
        """What a field holds, without personal data; text that is JSON is looked into, so that nothing hides there."""
        if isinstance(value, dict):
            return {
                name: self._hash(inner) if self._is_personal(name) else self._inside(inner)
                for name, inner in value.items()
                if self._key is not None or not self._is_personal(name)
            }
        if isinstance(value, list):
            return [self._inside(inner) for inner in value]
        if isinstance(value, str) and value.lstrip().startswith(_NESTED):
            nested = _parse(value)
            if nested is value:
                return self._hash(value) if self._may_hold(value) else value
            kept = self._inside(nested)
            return value if kept == nested else json.dumps(kept, ensure_ascii=False, separators=(",", ":"))
        return value

    def _is_personal(self, name: str) -> bool:
        return name.casefold().rpartition(".")[2] in self._names

    def _may_hold(self, text: str) -> bool:
        """Whether text that is no JSON looks like an object that names something personal."""
        return bool(_OBJECT.match(text)) and any(name in text.casefold() for name in self._names)

    def _hash(self, value: Any) -> str | None:
        if value is None or value == "" or self._key is None:
            return None
        spelled = value if isinstance(value, str) else json.dumps(value, sort_keys=True, separators=(",", ":"))
        return hmac.new(self._key, spelled.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()[:_HASH_LENGTH]


def _parse(text: str) -> Any:
    """What the text says as JSON, where it is a JSON object, array or text; else the text itself."""
    if not text.lstrip().startswith(_NESTED):
        return text
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return text
