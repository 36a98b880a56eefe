"""What to paste into each client so that it talks to 429chain.

Each of them but the editors was run: see tests/clients (`python -m tests.clients`).
"""

from __future__ import annotations

from app.recipe import Lines, Recipe
from app.recipes_programs import PROGRAMS

_OPENAI_VARIABLES = Lines(
    "shell",
    """\
export OPENAI_BASE_URL={v1}
export OPENAI_API_KEY="${key}"
""",
)

RECIPES = (
    Recipe(
        "openai",
        "OpenAI SDK, and programs that read its variables",
        (
            _OPENAI_VARIABLES,
            Lines(
                "hello.py",
                """\
from openai import OpenAI

client = OpenAI()
with client.responses.stream(model="{chain}", input="Say hello") as events:
    print(events.get_final_response().output_text)

chat = client.chat.completions.create(
    model="{chain}", messages=[{"role": "user", "content": "Say hello"}], stream=True
)
print("".join(chunk.choices[0].delta.content or "" for chunk in chat))
""",
            ),
        ),
        "Responses are stateless here: leave store and previous_response_id out.",
    ),
    Recipe(
        "anthropic",
        "Anthropic SDK",
        (
            Lines(
                "shell",
                """\
export ANTHROPIC_BASE_URL={root}
export ANTHROPIC_API_KEY="${key}"
""",
            ),
            Lines(
                "hello.py",
                """\
from anthropic import Anthropic

with Anthropic().messages.stream(
    model="{chain}", max_tokens=500, messages=[{"role": "user", "content": "Say hello"}]
) as events:
    print(events.get_final_text())
""",
            ),
        ),
        "The address has no /v1: the SDK adds it.",
    ),
    *PROGRAMS,
    Recipe(
        "langchain",
        "LangChain (langchain-openai)",
        (
            _OPENAI_VARIABLES,
            Lines(
                "hello.py",
                """\
from langchain_openai import ChatOpenAI

for use_responses_api in (False, True):
    model = ChatOpenAI(model="{chain}", use_responses_api=use_responses_api)
    print("".join(chunk.text for chunk in model.stream("Say hello")))
""",
            ),
        ),
    ),
    Recipe(
        "pydantic-ai",
        "Pydantic AI",
        (
            _OPENAI_VARIABLES,
            Lines(
                "hello.py",
                """\
from pydantic_ai import Agent
from pydantic_ai.models.openai import OpenAIChatModel

print(Agent(OpenAIChatModel("{chain}")).run_sync("Say hello").output)
""",
            ),
        ),
    ),
    Recipe(
        "instructor",
        "Instructor",
        (
            _OPENAI_VARIABLES,
            Lines(
                "hello.py",
                """\
import instructor
from openai import OpenAI
from pydantic import BaseModel


class Greeting(BaseModel):
    text: str


client = instructor.from_openai(OpenAI(), mode=instructor.Mode.JSON)
greeting = client.chat.completions.create(
    model="{chain}",
    response_model=Greeting,
    messages=[{"role": "user", "content": "Say hello"}],
)
print(greeting.text)
""",
            ),
        ),
    ),
    Recipe(
        "litellm",
        "LiteLLM as a library",
        (
            Lines(
                "hello.py",
                """\
import os

import litellm

answer = litellm.completion(
    model="openai/{chain}",
    api_base="{v1}",
    api_key=os.environ["{key}"],
    messages=[{"role": "user", "content": "Say hello"}],
    stream=True,
)
print("".join(chunk.choices[0].delta.content or "" for chunk in answer))
""",
            ),
        ),
    ),
    Recipe(
        "llama-index",
        "LlamaIndex (llama-index-llms-openai-like)",
        (
            Lines(
                "hello.py",
                """\
import os

from llama_index.llms.openai_like import OpenAILike

model = OpenAILike(
    model="{chain}",
    api_base="{v1}",
    api_key=os.environ["{key}"],
    is_chat_model=True,
)
print("".join(piece.delta or "" for piece in model.stream_complete("Say hello")))
""",
            ),
        ),
    ),
    Recipe(
        "openai-agents",
        "OpenAI Agents SDK",
        (
            _OPENAI_VARIABLES,
            Lines(
                "hello.py",
                """\
from agents import Agent, Runner, set_tracing_disabled

set_tracing_disabled(True)
print(Runner.run_sync(Agent(name="greeter", model="{chain}"), "Say hello").final_output)
""",
            ),
        ),
    ),
    Recipe(
        "ai-sdk",
        "Vercel AI SDK",
        (
            Lines(
                "hello.mjs",
                """\
import { createAnthropic } from "@ai-sdk/anthropic";
import { createOpenAI } from "@ai-sdk/openai";
import { createOpenAICompatible } from "@ai-sdk/openai-compatible";
import { streamText } from "ai";

const at = { baseURL: "{v1}", apiKey: process.env.{key} };
const models = [
  createOpenAICompatible({ name: "chain429", ...at })("{chain}"),
  createOpenAI(at).responses("{chain}"),
  createAnthropic(at)("{chain}"),
];
for (const model of models) {
  const options = { openai: { store: false } };
  const answer = streamText({ model, prompt: "Say hello", providerOptions: options });
  console.log(await answer.text);
}
""",
            ),
        ),
    ),
)
