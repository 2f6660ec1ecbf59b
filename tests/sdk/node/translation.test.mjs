// Each official client carries a streamed conversation with a tool through providers of every format. The sandbox speaks six
// formats; here it is six providers, each of which is known to speak only one.

import assert from "node:assert/strict";
import test, { before } from "node:test";

import { anthropic, manage, openai, sandboxUrl } from "./support.mjs";

const SPEAKERS = {
  "node-chat": { format: "openai", surface: "chat-completions" },
  "node-responses": { format: "openai", surface: "responses" },
  "node-messages": { format: "anthropic", surface: "messages" },
  "node-gemini": { format: "google", surface: "generate-content" },
  "node-cohere": { format: "cohere", surface: "chat-completions" },
  "node-converse": { format: "bedrock", surface: "chat-completions" },
};
const QUESTION = "how is the weather?";
const ANSWER = "The tool answered: 12 degrees";
const SCHEMA = { type: "object", properties: { city: { type: "string" } }, required: ["city"] };

before(async () => {
  for (const [name, surface] of Object.entries(SPEAKERS)) {
    await manage("POST", "/providers", { providerId: name, name, baseUrl: sandboxUrl, supportedApiSurfaces: [surface] });
  }
});

for (const name of Object.keys(SPEAKERS)) {
  const model = `${name}:tools`;

  test(`Chat Completions through ${name}`, async () => {
    const tools = [{ type: "function", function: { name: "weather", parameters: SCHEMA } }];
    const messages = [{ role: "user", content: QUESTION }];
    const turn = async () => {
      const stream = openai().chat.completions.stream({ model, messages, tools });
      return (await stream.finalChatCompletion()).choices[0];
    };
    const first = await turn();
    const call = first.message.tool_calls[0];
    assert.deepEqual([first.finish_reason, call.function.name], ["tool_calls", "weather"]);
    assert.deepEqual(JSON.parse(call.function.arguments), { city: "sandbox" });
    messages.push({ role: "assistant", tool_calls: [{ id: call.id, type: "function", function: call.function }] });
    messages.push({ role: "tool", tool_call_id: call.id, content: "12 degrees" });
    const second = await turn();
    assert.deepEqual([second.finish_reason, second.message.content], ["stop", ANSWER]);
  });

  test(`Responses through ${name}`, async () => {
    const tools = [{ type: "function", name: "weather", parameters: SCHEMA, strict: false }];
    const input = [{ role: "user", content: QUESTION }];
    const turn = async () => openai().responses.stream({ model, input, tools, store: false }).finalResponse();
    const first = await turn();
    const call = first.output.find((item) => item.type === "function_call");
    assert.deepEqual([first.status, call.name, JSON.parse(call.arguments)], ["completed", "weather", { city: "sandbox" }]);
    input.push({ type: "function_call", call_id: call.call_id, name: call.name, arguments: call.arguments });
    input.push({ type: "function_call_output", call_id: call.call_id, output: "12 degrees" });
    const said = (await turn()).output.find((item) => item.type === "message");
    assert.equal(said.content[0].text, ANSWER);
  });

  // The sandbox keeps nothing: what it speaks itself, it is asked as it stands.
  test(`Responses through ${name}, by the answer before`, { skip: name === "node-responses" }, async () => {
    const tools = [{ type: "function", name: "weather", parameters: SCHEMA, strict: false }];
    const turn = async (input, previous_response_id) =>
      openai().responses.stream({ model, input, tools, previous_response_id }).finalResponse();
    const first = await turn(QUESTION);
    const call = first.output.find((item) => item.type === "function_call");
    const second = await turn([{ type: "function_call_output", call_id: call.call_id, output: "12 degrees" }], first.id);
    const said = second.output.find((item) => item.type === "message");
    assert.deepEqual([second.previous_response_id, said.content[0].text], [first.id, ANSWER]);
    const kept = await openai().responses.retrieve(first.id);
    assert.deepEqual([kept.id, kept.output.map((item) => item.id)], [first.id, first.output.map((item) => item.id)]);
    await openai().responses.delete(first.id);
    await assert.rejects(turn("again", first.id), { status: 400, code: "previous_response_not_found" });
  });

  test(`Messages through ${name}`, async () => {
    const tools = [{ name: "weather", input_schema: SCHEMA }];
    const messages = [{ role: "user", content: QUESTION }];
    const turn = async () => anthropic().messages.stream({ model, max_tokens: 64, messages, tools }).finalMessage();
    const first = await turn();
    const call = first.content.find((block) => block.type === "tool_use");
    assert.deepEqual([first.stop_reason, call.name, call.input], ["tool_use", "weather", { city: "sandbox" }]);
    messages.push({ role: "assistant", content: first.content });
    messages.push({ role: "user", content: [{ type: "tool_result", tool_use_id: call.id, content: "12 degrees" }] });
    const second = await turn();
    assert.deepEqual([second.stop_reason, second.content[0].text], ["end_turn", ANSWER]);
  });
}
