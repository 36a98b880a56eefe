"""What docs/providers.md says of each provider beside the presets' facts: its free offer in a few
words, and what a person may stumble over.

Sources: the vendors' documentation and recorded answers of 2026, as `checked` and `source` of the
presets name them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """`free`: what costs nothing. `quirks`: whole sentences."""

    free: str
    quirks: tuple[str, ...] = ()


NOTES: Mapping[str, Note] = {
    "openrouter": Note(
        "50 requests a day over all `:free` models, 1,000 once you have bought 10 credits",
        (
            "All `:free` models share one minute and one day, over the whole account: another key "
            "helps nothing. Failed requests count.",
            "`GET /key` says what is left of the day. It is asked at the start, after a refusal "
            "and every 5 minutes while in use. It does not know the minute.",
            "A 429 may come from the provider behind OpenRouter. Then only that model cools down.",
            "Out of credit takes out the paid models alone. A negative balance refuses free ones "
            "too.",
            "Each model counts as a provider of its own where a request is called bad.",
        ),
    ),
    "groq": Note(
        "every model, each with limits of its own",
        (
            "Requests a minute stand in no header. The preset's size holds until a 429 names "
            "another one.",
            "`max_tokens` counts against tokens a minute before a word is written. A small cap "
            "buys throughput; a large one is lowered to what is left (`x-429chain-capped`).",
            "A day refills steadily: at 1,000 a day one request comes back every 86 s.",
            "A request larger than the whole minute gets 413. It goes on to the next entry, and "
            "Groq stays in for smaller ones.",
        ),
    ),
    "cerebras": Note(
        "a 30-day trial for accounts made since July 2026; older accounts may keep more",
        (
            "New accounts get the trial only with a payment method. Without one every model "
            "answers 402, shown as `no-credit`.",
            "A 429 carries no budget headers. 429chain goes on with what the last answer said.",
            "`queue_exceeded` means that Cerebras is busy. The entry cools down for 5 s and its "
            "gauges stay as they are.",
            "`max_completion_tokens` is charged beforehand, as at Groq.",
        ),
    ),
    "gemini": Note(
        "Flash, Flash-Lite and Gemma models, per project",
        (
            "429chain counts by itself, and learns the sizes from refusals.",
            "A spent day is refused with a wait of seconds. 429chain reads which quota it was and "
            "waits for midnight in Los Angeles.",
            "A wrong key is a 400, not a 401. It is shown as `bad-key` all the same.",
            "`limit: 0` means that the model is not in the free tier: `no-allowance`.",
            "Tool calls need their signature back. One from another provider gets Gemini's "
            "documented placeholder.",
            "Its terms exclude serving end users in the EEA, Switzerland and the UK from the free "
            "tier.",
        ),
    ),
    "mistral": Note(
        "most models; the numbers stand in your own console",
        (
            "Headers come with plain answers only. A chain that only streams learns from refusals.",
            "Unknown request fields are refused, so many are left out beforehand.",
            "Tool-call ids must be nine letters or digits. They are mapped, out and back.",
            "Since about September 2026 a model outside of your plan answers with a limit of 0: "
            "`no-allowance`.",
        ),
    ),
    "nvidia": Note(
        "about 40 requests a minute, by convention",
        (
            "Nothing is published. The size is a guess until a refusal confirms it.",
            "The first byte may take minutes, so `first_token` is 3 minutes here.",
            "The model list names models that your account may not use. They answer 404 and become "
            "`no-model`.",
            'A 400 "DEGRADED" is an overload, not your mistake.',
        ),
    ),
    "cloudflare": Note(
        "10,000 neurons a day over the whole account",
        (
            "`base_url` needs your account id. `429chain init` takes it from "
            "`CLOUDFLARE_ACCOUNT_ID`.",
            "Neurons are no tokens, so there is no gauge for them. A spent day is told by code "
            "4006 and ends at midnight UTC.",
            "Without `max_tokens` answers are cut short: send one.",
        ),
    ),
    "cohere": Note(
        "a trial key: 1,000 calls a month",
        (
            "Only a trial key's answers carry limit headers, and refusals carry none.",
            "Whether the month is that of the calendar is not documented. 429chain takes the "
            "calendar's.",
        ),
    ),
    "huggingface": Note(
        "0.10 $ of inference a month",
        (
            "A spent month is a 402 and shown as `no-credit`.",
            "Errors of the provider behind it come through in that provider's shape. Name one to "
            "get stable behaviour: `openai/gpt-oss-120b:groq`.",
        ),
    ),
    "zai": Note(
        "the Flash models, a few requests in parallel",
        (
            "The limit is how many run at once. It is learned from code 1302 and holds for 10 "
            "minutes.",
            "Codes 1305 and 1312 are overload. Code 1113 is an empty balance.",
            "Keys of z.ai and bigmodel.cn are not the same.",
        ),
    ),
    "siliconflow": Note(
        "some models, per model",
        (
            "A refusal names which limit it was, not its size.",
            "The platform at siliconflow.cn has other keys: set `base_url` for it.",
        ),
    ),
    "modelscope": Note(
        "2,000 calls a day, at most 200 for one model",
        (
            "Bind an Alibaba Cloud account first. Without it every call is a 401.",
            "The model list answers to any token, so that a check cannot test the key.",
            "A day is taken to end at midnight in Shanghai.",
        ),
    ),
    "scaleway": Note(
        "1 million tokens, once",
        ("An unknown model is a 422, a wrong key a 403. Both are recognised.",),
    ),
    "ovhcloud": Note(
        "anonymous use: 2 requests a minute for each model and address",
        (
            "No key is needed. With one it is 400 a minute: set `limits = { rpm = 400 }` under "
            '`[providers.ovhcloud.models."*"]`.',
            "Model names are case-sensitive.",
        ),
    ),
    "llm7": Note(
        "anonymous use: about 100 requests an hour",
        ("No key is needed. A 429 says `retry-after: 1` whatever the truth is; the ladder copes.",),
    ),
    "ollama": Note(
        "your own machine",
        (
            "The window that counts is the one its server runs (`/api/ps`), not the model's own. "
            "Longer prompts skip the entry instead of being cut in silence.",
            "A full queue is a 503 and a short cooldown.",
        ),
    ),
    "ollama-cloud": Note(
        "GPU time per five hours and per week, one model at a time",
        (
            "GPU time has no gauge. `GET /api/usage` says whether the session or the week is "
            "spent; until its end the entry is out as `cooldown`.",
            "Larger models need a subscription: 403, shown as `no-allowance`.",
        ),
    ),
    "lmstudio": Note(
        "your own machine",
        ("The first request may load the model, so timeouts are 5 minutes.",),
    ),
    "llamacpp": Note(
        "your own machine",
        ('While a model loads it answers 503 "Loading model": a short cooldown.',),
    ),
    "vllm": Note(
        "your own machine",
        ("The model list tells `max_model_len`, which becomes the entry's window.",),
    ),
    "openai": Note(
        "none",
        (
            "`insufficient_quota` is a 429 that no wait cures: `no-credit`.",
            "Failed requests count, and so does `max_tokens`.",
        ),
    ),
    "azure": Note(
        "none",
        (
            "`base_url` holds your resource's name; the key goes out as `api-key`.",
            "Requests a minute are enforced in slices of 1 to 10 s, so a burst is refused early.",
        ),
    ),
    "deepseek": Note(
        "none",
        (
            "`GET /user/balance` is asked: an empty balance is `no-credit` before a request fails.",
            "A plain answer may take 10 minutes, and the timeouts here allow it.",
        ),
    ),
    "together": Note(
        "none that lasts",
        (
            "A 403 means that prompt and `max_tokens` are too long together.",
            "A 503 below your own rate means that Together is full.",
        ),
    ),
    "fireworks": Note(
        "1 $ once; 10 requests a minute without a payment method",
        (
            "The model list failed for many accounts in 2026: name the models in the config "
            "yourself.",
        ),
    ),
    "nebius": Note(
        "1 $ for 30 days, with a card",
        ("Limits move with use, by a fifth every 15 minutes. The headers tell the newest.",),
    ),
    "sambanova": Note(
        "a trial: 20 requests and 200,000 tokens a day for each model",
        ("Once the trial's credit has lapsed, every model answers 402.",),
    ),
    "vercel": Note(
        "5 $ a month, with a card on file",
        (
            "The limits of its free models are not published. A refusal says when to come back, "
            "or the ladder does.",
            "Each model counts as a provider of its own where a request is called bad.",
        ),
    ),
    "openai-compatible": Note(
        "as your server has it",
        ("Knows nothing beforehand: set `base_url`, and limits if you know them.",),
    ),
}
