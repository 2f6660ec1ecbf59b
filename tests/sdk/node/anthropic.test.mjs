// Anthropic's client through the gateway.

import assert from "node:assert/strict";
import test from "node:test";

import Anthropic from "@anthropic-ai/sdk";

import { anthropic, model } from "./support.mjs";

const TEXT = "the quick brown fox";
const ASK = { max_tokens: 64, messages: [{ role: "user", content: TEXT }] };
const WEATHER = {
  name: "weather",
  input_schema: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
};

const create = (body) => anthropic().messages.create({ ...ASK, ...body });
const streamed = (body) => anthropic().messages.stream({ ...ASK, ...body });

test("answers", async () => {
  const message = await create({ model: model("echo") });
  assert.equal(message.content[0].text, TEXT);
  assert.equal(message.stop_reason, "end_turn");
  assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [4, 4]);
});

test("streams", async () => {
  const pieces = [];
  const message = await streamed({ model: model("echo") })
    .on("text", (piece) => pieces.push(piece))
    .finalMessage();
  assert.equal(pieces.join(""), TEXT);
  assert.equal(message.content[0].text, TEXT);
  assert.deepEqual([message.usage.input_tokens, message.usage.output_tokens], [4, 4]);
});

test("calls a tool, streamed and not", async () => {
  const body = { model: model("tools"), tools: [WEATHER] };
  for (const message of [await create(body), await streamed(body).finalMessage()]) {
    const block = message.content.at(-1);
    assert.deepEqual([message.stop_reason, block.name, block.input], ["tool_use", "weather", { city: "sandbox" }]);
  }
});

test("thinks, then answers", async () => {
  const body = { model: model("reason"), max_tokens: 2048, thinking: { type: "enabled", budget_tokens: 1024 } };
  for (const message of [await create(body), await streamed(body).finalMessage()]) {
    const [thinking, text] = message.content;
    assert.ok(thinking.thinking && thinking.signature);
    assert.equal(text.text, TEXT);
  }
});

test("a wrong key is an authentication error", async () => {
  const call = anthropic("ng-wrong").messages.create({ ...ASK, model: model("echo") });
  await assert.rejects(call, (error) => {
    return error instanceof Anthropic.AuthenticationError && error.error.error.type === "authentication_error";
  });
});

test("an unknown model is a bad request", async () => {
  await assert.rejects(create({ model: "no-such-model" }), Anthropic.BadRequestError);
});

test("a rate limit is one", async () => {
  await assert.rejects(create({ model: model("fail-429") }), Anthropic.RateLimitError);
});

test("a break is an error and not an end", async () => {
  const types = [];
  let text = "";
  const read = async () => {
    for await (const event of await create({ model: model("cut-3"), stream: true })) {
      types.push(event.type);
      text += event.delta?.text ?? "";
    }
  };
  await assert.rejects(read, Anthropic.APIError);
  assert.equal(text, "Lorem ipsum dolor ");
  assert.ok(!types.includes("message_stop") && !types.includes("message_delta"));
});
