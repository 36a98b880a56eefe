"""What the sentences of providers mean: tables, the first row that fits wins.

The rows hold for every provider, since an aggregator or an `openai-compatible` address may pass on
anybody's words. Sources: providers.md 1b and its part 2, provider-fixtures.json.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from proxy.limits.needles import needles
from proxy.limits.readings import Meaning
from proxy.limits.refusal_codes import (
    BUSY,
    CONTENT,
    CREDIT,
    FULL,
    GONE,
    KEY,
    LONG,
    NEURONS,
    NO_FREE,
    NO_FREE_ACCOUNT,
    Rule,
)

_M = Meaning


class Phrase(NamedTuple):
    """A row: words, and what they mean."""

    words: re.Pattern[str]
    needles: tuple[str, ...]
    """One of them, in lower case, is in whatever the words occur in."""
    rule: Rule


Phrases = Sequence[Phrase]


def _phrases(*rows: tuple[str, Rule]) -> Phrases:
    compiled = [re.compile(words, re.IGNORECASE | re.ASCII) for words, _ in rows]
    return tuple(
        Phrase(words, needles(words.pattern), rule)
        for words, (_, rule) in zip(compiled, rows, strict=True)
    )


OVERLOAD = _phrases(
    (
        r"overloaded|(?:experiencing|due to|very) high (?:traffic|demand|load)"
        r"|at (?:maximum|full) capacity|maximum capacity|out of capacity|capacity exceeded"
        r"|rate[- ]limited upstream|more data centers to forward|queue is full|queue_exceeded"
        r"|server (?:is )?(?:busy|overload)|system is too busy|loading model|model is loading"
        r"|is currently loading|no instances? (?:is |are )?available|pending requests exceeded"
        r"|total request limit reached|DEGRADED function|no available (?:capacity|workers?)"
        r"|temporarily (?:out of|lacking) (?:capacity|resources)",
        BUSY,
    ),
)

NO_ALLOWANCE = _phrases(
    (r"free tier users do not have access|requires a subscription", NO_FREE),
    (
        r"not (?:available|included|supported) (?:on|in|for|with) (?:the|your) (?:free|current)",
        NO_FREE,
    ),
    (
        r"upgrade (?:your plan )?(?:for|to get|to) access|requires a paid plan"
        r"|paid plan (?:is )?required",
        NO_FREE,
    ),
    (
        r"not (?:available|supported) in your (?:country|region|location)"
        r"|(?:user )?location is not supported|country, region,? or territory not supported",
        NO_FREE_ACCOUNT,
    ),
)

# ModelScope says "insufficient balance (1008)" of retired models: that is no money matter.
MONEY = _phrases(
    (
        r"insufficient[_ ](?:quota|balance(?! \(1008\))|credits?|funds)"
        r"|credits? (?:are|is|have been) depleted"
        r"|depleted your|balance is (?:too low|insufficient)|not enough (?:credits?|balance)"
        r"|key limit exceeded|never purchased credits|out of credits|recharge|arrears"
        r"|payment required|account (?:is|has been) suspended|spend limit|spending limit"
        r"|please top up|please add credits|billing (?:is )?not active"
        r"|exceeded your (?:monthly )?budget",
        CREDIT,
    ),
)

BARE_BILLING = re.compile(r"check your plan and billing", re.IGNORECASE)
"""OpenAI's words for money; Gemini's for any limit, but then it names itself."""

CONCURRENCY = _phrases(
    (
        r"concurren(?:t|cy)|in parallel|parallel requests|simultaneous(?:ly)?"
        r"|too many (?:open|active|running) requests",
        FULL,
    ),
)

WORDLESS_WINDOWS = _phrases(
    (r"\bneurons\b", NEURONS),
    (
        r"per[- ]second|[a-z0-9] ?/ ?sec(?:ond)?\b|\bRPS\b",
        Rule(_M.WAIT, wait=1.0),
    ),
    (r"(?:session|weekly) usage limit", Rule(_M.SILENT, "account")),
    (r"usage limit reached|(?:per|a|this|your) week(?:ly)?\b|weekly", Rule(_M.SILENT)),
    (r"increased too quickly", Rule(_M.WAIT, wait=45.0)),
)
"""Limits of a kind that has no word in the config: to be waited for, not to be counted."""

BAD_KEY = _phrases(
    (
        r"api[- ]?key (?:not valid|is invalid|invalid|expired|has expired|not found|was reported|"
        r"is disabled|has been)|invalid api[- ]?key|incorrect api[- ]?key|wrong api[- ]?key"
        r"|api_key_invalid|reported as leaked|authorization failed|authentication (?:failed|fails"
        r"|error)|bad credentials|invalid (?:token|credentials)|no api key supplied"
        r"|invalid authentication",
        KEY,
    ),
)

FORBIDDEN = _phrases(
    (r"\bforbidden\b|permission[ _]denied|access denied|not authori[sz]ed|unauthori[sz]ed", KEY),
)
"""A 403 that says no more than that."""

MISSING = _phrases(
    (
        r"no (?:allowed )?(?:endpoints?|providers?) (?:found|available)|non-serverless"
        r"|has been decommissioned|end of life|no longer (?:available|supported)|is deprecated"
        r"|has been (?:retired|removed|shut down)|not a valid model|invalid model|unknown model"
        r"|insufficient balance \(1008\)|not supported by (?:any )?provider|try pulling it first"
        r"|no models? (?:is |are )?loaded"
        r"|function .{0,80}not found for account|no such model|model_not_found",
        GONE,
    ),
    (
        r"\bmodel\b[^;|]{0,160}?(?:not (?:be )?found|does(?: not|n't) exist|not exist)"
        r"|\bmodel:? [`'\"]?[^\s`'\"]{1,160}[`'\"]? is (?:not (?:supported|available|accessible)"
        r"|unavailable)",
        GONE,
    ),
    (r"(?:not have|no) access to (?:the )?model|cannot find (?:the )?model", GONE),
)

INCAPABLE = _phrases(
    (
        r"endpoints? found that support (?:image|vision|multimodal)"
        r"|(?:image|vision|multimodal)[a-z_ ]{0,30}(?:is|are)?(?: not|n't) "
        r"(?:supported|allowed|enabled)"
        r"|(?:does|do)(?: not|n't) (?:support|accept|have) (?:the )?(?:image|vision|multimodal)"
        r"|not a (?:multimodal|vision) model|unknown (?:variant|part type) .image_url"
        r"|content must be a string|only text (?:content|input)",
        Rule(_M.INCAPABLE, capability="vision"),
    ),
    (
        r"endpoints? found that support (?:tool|function)"
        r"|(?:tool|function)[- ]?(?:call(?:s|ing)?|use|choice)?s?[a-z_ `]{0,20}(?:is|are)?"
        r"(?: not|n't) (?:supported|enabled|allowed)"
        r"|(?:does|do)(?: not|n't) support (?:the )?[`'\"]?(?:tool|function)(?!_choice)"
        r"|auto. tool choice requires",
        Rule(_M.INCAPABLE, capability="tools"),
    ),
    (
        r"endpoints? found that (?:can handle|support)",
        Rule(_M.INCAPABLE),
    ),
)

TOO_LONG = _phrases(
    (
        r"context (?:length|window|size|limit)|maximum context|prompt (?:is )?too (?:long|large)"
        r"|prompt exceeds|prompt tokens limit|too many (?:input )?tokens"
        r"|input (?:is )?too (?:long|large)"
        r"|input token count|(?:input|prompt) length|maximum number of tokens|token limit"
        r"|current length is [0-9]+ while|reduce (?:the|your) (?:length|message size|prompt)"
        r"|(?:body|request|payload|entity) too large"
        r"|exceeds? (?:the )?max(?:imum)? (?:length|input)"
        r"|tokens\W{0,3} ?\+ ?\W{0,3}max_new_tokens",
        LONG,
    ),
)

CONTENT_BLAME = _phrases(
    (
        r"content[_ ](?:filter|policy|moderation|management)|moderation|flagged"
        r"|safety (?:system|filter|polic)|sensitive (?:content|words?)|inappropriate"
        r"|violat(?:es|ed|ion of) .{0,40}polic|prohibited_content|responsible ai",
        CONTENT,
    ),
)


def first_rule(phrases: Phrases, text: str) -> Rule | None:
    """The rule of the first row whose words occur in the text."""
    lower = text.lower()
    for phrase in phrases:
        for needle in phrase.needles:
            if needle in lower:
                if phrase.words.search(text):
                    return phrase.rule
                break
    return None
