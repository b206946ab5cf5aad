"""What an error says of the object that it complains about: the api-server quotes it, the stored one too.

A patch that does not fit comes back with the whole Secret as it would have been, with keys that the client never sent
(`patch: Invalid value: "{…}"`, k8s.io/apiserver/pkg/endpoints/handlers/patch.go), as Go prints a map (`"map[…]"`), or
as structured-merge-diff prints a value (`.data: expected map, got &{…}`).
"""

import json
import re

from kproxy.record.pseudonyms import Pseudonyms, is_pseudonym

MIN_LENGTH = 4
"""Characters: a shorter secret is not looked for in free text; it goes with the quotation that it stands in."""

_QUOTED = re.compile(r'"((?:\{|\[|map\[)(?:[^"\\]|\\.)*)"', re.DOTALL)
_PRINTED = re.compile(r"(, got &\{)(.*)(\})", re.DOTALL)


def without_quotations(text: str, seen: dict[str, str], pseudonyms: Pseudonyms) -> str:
    """`text` without quoted objects, and without what was `seen`: secrets and what stands for them."""
    text = _QUOTED.sub(lambda match: f'"{_replaced(match[1], pseudonyms)}"', text)
    text = _PRINTED.sub(lambda match: match[1] + _replaced(match[2], pseudonyms) + match[3], text)
    for secret in sorted(seen, key=len, reverse=True):
        if len(secret) >= MIN_LENGTH:
            for form in (secret, json.dumps(secret, ensure_ascii=False)[1:-1]):
                text = text.replace(form, seen[secret])
    return text


def _replaced(text: str, pseudonyms: Pseudonyms) -> str:
    return text if is_pseudonym(text) else pseudonyms.plain(text.encode("utf-8", "surrogatepass"))
