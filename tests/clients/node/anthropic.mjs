// The same as checks.mjs with Anthropic's official SDK:
//   ANTHROPIC_BASE_URL=... ANTHROPIC_API_KEY=... node anthropic.mjs plain stream ...

import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ maxRetries: Number(process.env.RETRIES ?? 0) });
const hello = [{ role: "user", content: "Hello" }];
const weather = [{ role: "user", content: "What is the weather in Vienna?" }];
const tools = [
  {
    name: "weather",
    description: "The weather in a city",
    input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
];

function ask(messages, more = {}) {
  return { model: "free", max_tokens: 200, messages, ...more };
}

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    const { constructor, status, message, requestID } = error;
    const type = error.error?.error?.type ?? null;
    const retry = error.headers?.get("x-should-retry") ?? null;
    return { class: constructor.name, status, type, message, retry, id: Boolean(requestID) };
  }
  return "no error";
}

const checks = {
  async plain() {
    const { data, response } = await client.messages.create(ask(hello)).withResponse();
    return {
      text: data.content.map((block) => block.text).join(""),
      stop: data.stop_reason,
      usage: data.usage,
      trail: response.headers.get("x-429chain-trail"),
    };
  },

  async stream() {
    const kinds = [];
    const texts = [];
    const stream = client.messages
      .stream(ask(hello))
      .on("streamEvent", (event) => kinds.push(event.type))
      .on("text", (text) => texts.push(text));
    const final = await stream.finalMessage();
    return { kinds, texts, text: final.content[0].text, stop: final.stop_reason, usage: final.usage };
  },

  async tools() {
    const asked = await client.messages.create(ask(weather, { tools }));
    const call = asked.content.find((block) => block.type === "tool_use");
    const result = { type: "tool_result", tool_use_id: call.id, content: "sunny" };
    const messages = [
      ...weather,
      { role: "assistant", content: asked.content },
      { role: "user", content: [result] },
    ];
    const answer = await client.messages.create(ask(messages, { tools }));
    return {
      stop: asked.stop_reason,
      name: call.name,
      input: call.input,
      text: answer.content[0].text,
    };
  },

  async streamed_tools() {
    const final = await client.messages.stream(ask(weather, { tools })).finalMessage();
    const calls = final.content.filter((block) => block.type === "tool_use");
    return { stop: final.stop_reason, calls: calls.map(({ name, input }) => ({ name, input })) };
  },

  async count() {
    const counted = await client.messages.countTokens({ model: "free", messages: hello });
    const models = [];
    for await (const model of client.models.list()) models.push(model.id);
    return { tokens: counted.input_tokens, models };
  },

  async limited() {
    return failure(client.messages.create(ask(hello)));
  },

  async errors() {
    const wrong = new Anthropic({ apiKey: "sk-wrong", maxRetries: 0 });
    return {
      key: await failure(wrong.messages.create(ask(hello))),
      body: await failure(client.messages.create(ask([]))),
    };
  },

  async cut() {
    return failure(client.messages.stream(ask(hello)).finalMessage());
  },
};

const results = {};
for (const name of process.argv.slice(2)) results[name] = await checks[name]();
process.stdout.write(JSON.stringify(results));
