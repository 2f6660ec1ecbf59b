// OpenAI's client through the gateway.

import assert from "node:assert/strict";
import test from "node:test";

import OpenAI from "openai";

import { model, openai } from "./support.mjs";

const TEXT = "the quick brown fox";
const MESSAGES = [{ role: "user", content: TEXT }];
const WEATHER = {
  type: "function",
  function: {
    name: "weather",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

const chat = (body, options) => openai().chat.completions.create({ messages: MESSAGES, ...body }, options);

async function all(stream) {
  const chunks = [];
  for await (const chunk of stream) chunks.push(chunk);
  return chunks;
}

const joined = (chunks) => chunks.map((chunk) => chunk.choices[0]?.delta.content ?? "").join("");

test("answers", async () => {
  const answer = await chat({ model: model("echo") });
  assert.equal(answer.choices[0].message.content, TEXT);
  assert.equal(answer.choices[0].finish_reason, "stop");
  assert.equal(answer.usage.total_tokens, 8);
});

test("streams without usage unless asked", async () => {
  const chunks = await all(await chat({ model: model("echo"), stream: true }));
  assert.equal(joined(chunks), TEXT);
  assert.ok(chunks.every((chunk) => chunk.choices.length === 1 && !chunk.usage));
});

test("streams usage when asked", async () => {
  const chunks = await all(await chat({ model: model("echo"), stream: true, stream_options: { include_usage: true } }));
  const last = chunks.pop();
  assert.equal(joined(chunks), TEXT);
  assert.deepEqual(last.choices, []);
  assert.equal(last.usage.total_tokens, 8);
  assert.ok(chunks.every((chunk) => chunk.usage === null));
});

test("accumulates a streamed tool call with the client's own helper", async () => {
  const stream = openai().chat.completions.stream({ model: model("tools"), messages: MESSAGES, tools: [WEATHER] });
  const { message, finish_reason } = (await stream.finalChatCompletion()).choices[0];
  assert.equal(finish_reason, "tool_calls");
  assert.equal(message.tool_calls[0].function.name, "weather");
  assert.deepEqual(JSON.parse(message.tool_calls[0].function.arguments), { city: "sandbox" });
});

test("lists models", async () => {
  assert.ok((await all(await openai().models.list())).length > 0);
});

test("falls back to the next model", async () => {
  const call = chat({ model: model("fail-500"), models: [model("echo")] });
  const { data, response } = await call.withResponse();
  assert.equal(response.headers.get("x-wardgate-attempts"), "2");
  assert.equal(data.choices[0].message.content, TEXT);
});

test("a wrong key is an authentication error", async () => {
  const call = openai("ng-wrong").chat.completions.create({ model: model("echo"), messages: MESSAGES });
  await assert.rejects(call, (error) => error instanceof OpenAI.AuthenticationError && error.status === 401 && !!error.code);
});

test("an unknown model is a bad request", async () => {
  await assert.rejects(chat({ model: "no-such-model" }), (error) => error instanceof OpenAI.BadRequestError && !!error.code);
});

test("a rate limit is one", async () => {
  await assert.rejects(chat({ model: model("fail-429") }), OpenAI.RateLimitError);
});

test("a break is an error and not an end", async () => {
  const chunks = [];
  const read = async () => {
    for await (const chunk of await chat({ model: model("cut-3"), stream: true })) chunks.push(chunk);
  };
  await assert.rejects(read, OpenAI.APIError);
  assert.equal(joined(chunks), "Lorem ipsum dolor ");
  assert.ok(!chunks.some((chunk) => ["stop", "length", "tool_calls"].includes(chunk.choices[0]?.finish_reason)));
});
