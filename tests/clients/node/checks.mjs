// Runs the checks named on the command line with the official SDK, and prints what came back:
//   OPENAI_BASE_URL=... OPENAI_API_KEY=... node checks.mjs chat stream ...
// One JSON object, a check's name to its result. What is right is for the Python test to say.

import OpenAI from "openai";

const retries = Number(process.env.RETRIES ?? 0);
const client = new OpenAI({ maxRetries: retries });
const hello = [{ role: "user", content: "Hello" }];
const weather = [{ role: "user", content: "What is the weather in Vienna?" }];
const parameters = {
  type: "object",
  properties: { city: { type: "string" } },
  required: ["city"],
  additionalProperties: false,
};
const tools = [{ type: "function", function: { name: "weather", parameters, strict: true } }];

async function failure(promise) {
  try {
    await promise;
  } catch (error) {
    const { constructor, status, code, param, message } = error;
    const retry = error.headers?.get("x-should-retry") ?? null;
    return { class: constructor.name, status, code, param, message, retry };
  }
  return "no error";
}

async function read(stream) {
  const result = { text: "", finish: [], empty: 0, usages: [] };
  for await (const chunk of stream) {
    result.text += chunk.choices[0]?.delta.content ?? "";
    if (chunk.choices[0]?.finish_reason) result.finish.push(chunk.choices[0].finish_reason);
    if (!chunk.choices.length) result.empty += 1;
    if (chunk.usage) result.usages.push(chunk.usage.total_tokens);
  }
  return result;
}

const checks = {
  async chat() {
    const { data, response } = await client.chat.completions
      .create({ model: "free", messages: hello })
      .withResponse();
    const { content } = data.choices[0].message;
    return { content, usage: data.usage, provider: response.headers.get("x-429chain-provider") };
  },

  async stream() {
    return read(await client.chat.completions.create({ model: "free", messages: hello, stream: true }));
  },

  async usage() {
    const stream_options = { include_usage: true };
    const body = { model: "free", messages: hello, stream: true, stream_options };
    return read(await client.chat.completions.create(body));
  },

  async tools() {
    const body = { model: "free", messages: weather, tools, tool_choice: "required" };
    const asked = await client.chat.completions.create(body);
    const message = asked.choices[0].message;
    const [call] = message.tool_calls;
    const result = { role: "tool", tool_call_id: call.id, content: "sunny" };
    const messages = [...weather, message, result];
    const answer = await client.chat.completions.create({ model: "free", messages, tools });
    return {
      finish: asked.choices[0].finish_reason,
      name: call.function.name,
      arguments: JSON.parse(call.function.arguments),
      content: answer.choices[0].message.content,
    };
  },

  async streamed_tools() {
    const body = { model: "free", messages: weather, tools, tool_choice: "required" };
    const final = await client.chat.completions.stream(body).finalChatCompletion();
    const [call] = final.choices[0].message.tool_calls;
    return { name: call.function.name, arguments: JSON.parse(call.function.arguments) };
  },

  async structured() {
    const json_schema = { name: "place", schema: parameters, strict: true };
    const response_format = { type: "json_schema", json_schema };
    const body = { model: "free", messages: weather, response_format };
    const answer = await client.chat.completions.parse(body);
    return JSON.parse(answer.choices[0].message.content);
  },

  async models() {
    const ids = [];
    for await (const model of client.models.list()) ids.push(model.id);
    const retrieved = [];
    for (const id of ids) retrieved.push((await client.models.retrieve(id)).id);
    return { ids, retrieved };
  },

  async errors() {
    const wrong = new OpenAI({ apiKey: "sk-wrong", maxRetries: 0 });
    return {
      key: await failure(wrong.chat.completions.create({ model: "free", messages: hello })),
      model: await failure(client.chat.completions.create({ model: "nobody", messages: hello })),
      body: await failure(client.chat.completions.create({ model: "free", messages: [] })),
      listed: await failure(client.models.retrieve("nobody/at all")),
    };
  },

  async limited() {
    return failure(client.chat.completions.create({ model: "free", messages: hello }));
  },

  async cut() {
    const body = { model: "free", messages: hello, stream: true };
    return failure(read(await client.chat.completions.create(body)));
  },
};

const results = {};
for (const name of process.argv.slice(2)) results[name] = await checks[name]();
process.stdout.write(JSON.stringify(results));
