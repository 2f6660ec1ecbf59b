// Coding agents finish a session with a tool: they ask, run the command that the model wants, send its result, and show what the
// model says to that. The model is one of the sandbox; the settings are those of docs/agents.md, as written there.

import assert from "node:assert/strict";
import { readFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import { Door, skip } from "./namespace.mjs";

const setting = (name) => process.env[name] ?? assert.fail(`${name} is not set`);
const MANUAL = readFileSync(new URL("../../docs/agents.md", import.meta.url), "utf8");
/** What the command prints, and nothing else does. */
const RESULT = "sandbox-42";
const SURFACES = {
  "agent-chat": { format: "openai", surface: "chat-completions" },
  "agent-responses": { format: "openai", surface: "responses" },
  "agent-messages": { format: "anthropic", surface: "messages" },
};
// The first is how the manual has it.
const MODELS = ["sandbox:shell", ...Object.keys(SURFACES).map((name) => `${name}:shell`)];

/** The only block of the manual in this language that holds this text, for a model. */
function block(language, text, model) {
  const blocks = [...MANUAL.matchAll(/^```(\w+)\n([^]*?)^```$/gm)].filter(([, is, body]) => is === language && body.includes(text));
  assert.equal(blocks.length, 1, `docs/agents.md has ${blocks.length} blocks of ${language} with ${text}`);
  const body = blocks[0][2];
  assert.ok(body.includes(MODELS[0]), `${MODELS[0]} is in ${body}`);
  return body.replaceAll(MODELS[0], model);
}

async function manage(method, path, body) {
  const headers = { authorization: `Bearer ${setting("WARDGATE_API_KEY")}`, "content-type": "application/json" };
  const answer = await fetch(setting("WARDGATE_ADMIN_URL") + path, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  assert.ok(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

/** Each agent has a key to itself, by which its requests are told from the others'. */
async function key(name) {
  const { id, token } = await manage("POST", "/access-keys", { name });
  return { id, token };
}

/** How the requests of a key ended at its providers, once there are two: one for the call, one with its result. */
async function attempts({ id }) {
  const query = `startTime=2000-01-01T00:00:00Z&includeRetries=true&limit=100&accessKeyId=${id}`;
  for (let tries = 0; ; tries++) {
    const events = (await manage("GET", `/usage?${query}`)).aiGatewayUsage;
    if (events.length >= 2) return events;
    assert.ok(tries < 100, `two requests and not ${JSON.stringify(events)}`);
    await sleep(100);
  }
}

async function check(said, accessKey, model) {
  const what = `${said.out}\n${said.err}`;
  assert.equal(said.code, 0, what);
  assert.match(said.out, new RegExp(`The tool answered: [^]*${RESULT}`), what);
  const events = await attempts(accessKey);
  const [provider] = model.split(":");
  for (const event of events) assert.deepEqual([event.provider, event.completion], [provider, "succeeded"]);
}

describe("coding agents", { skip, concurrency: 3 }, () => {
  let door;
  before(async () => {
    door = new Door(setting("WARDGATE_GATEWAY_URL"));
    const baseUrl = setting("WARDGATE_SANDBOX_URL");
    for (const [name, surface] of Object.entries(SURFACES)) {
      await manage("POST", "/providers", { providerId: name, name, baseUrl, supportedApiSurfaces: [surface] });
    }
  });
  after(() => door.close());

  test("they reach the gateway and nothing else", async () => {
    const admin = new URL(setting("WARDGATE_ADMIN_URL")).port;
    const script = `
      const gateway = await fetch("http://127.0.0.1:8080/");
      const admin = await fetch("http://127.0.0.1:${admin}/").catch((error) => error.cause.code);
      console.log(gateway.status, admin);`;
    const said = await door.run(process.execPath, ["--input-type=module", "-e", script], { HOME: door.directory() });
    assert.equal(said.out.trim(), "200 ECONNREFUSED", said.err);
  });

  for (const model of MODELS) {
    test(`Claude Code with ${model}`, async () => {
      const accessKey = await key(`claude ${model}`);
      const script = `${block("sh", "ANTHROPIC_BASE_URL", model)} --allowedTools Bash`.replace(/\n --/, " --");
      const env = { HOME: door.directory(), WARDGATE_ACCESS_KEY: accessKey.token };
      await check(await door.run("sh", ["-e", "-c", script], env), accessKey, model);
    });
  }

  for (const [model, more] of [...MODELS.map((model) => [model, ""]), [MODELS[0], "supports_websockets = true"]]) {
    test(`Codex with ${model} ${more}`, async () => {
      const accessKey = await key(`codex ${model}`);
      const home = door.directory();
      mkdirSync(join(home, ".codex"));
      writeFileSync(join(home, ".codex/config.toml"), block("toml", "model_provider", model) + more);
      const env = { HOME: home, WARDGATE_ACCESS_KEY: accessKey.token };
      // Its own sandbox is not what is tested, and not every machine has what it needs.
      const args = ["exec", "--skip-git-repo-check", "--dangerously-bypass-approvals-and-sandbox", "Run it."];
      await check(await door.run("codex", args, env), accessKey, model);
    });
  }
});
