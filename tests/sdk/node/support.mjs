// Clients as a user would make them: a base URL and a key.

import Anthropic from "@anthropic-ai/sdk";
import OpenAI from "openai";

const gatewayUrl = setting("WARDGATE_GATEWAY_URL");
const accessKey = setting("WARDGATE_ACCESS_KEY");
const prefix = process.env.WARDGATE_MODEL_PREFIX ?? "sandbox:";
const options = { timeout: 30_000, maxRetries: 0 };

function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set`);
  return value;
}

export const sandboxUrl = setting("WARDGATE_SANDBOX_URL");

/** One call of the management API. */
export async function manage(method, path, body) {
  const headers = { authorization: `Bearer ${setting("WARDGATE_API_KEY")}`, "content-type": "application/json" };
  const answer = await fetch(setting("WARDGATE_ADMIN_URL") + path, { method, headers, body: JSON.stringify(body) });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${text}`);
  return JSON.parse(text);
}

export const openai = (apiKey = accessKey) => new OpenAI({ baseURL: `${gatewayUrl}/v1`, apiKey, ...options });

export const anthropic = (apiKey = accessKey) => new Anthropic({ baseURL: gatewayUrl, apiKey, ...options });

/** A model of the sandbox, as the gateway knows it. */
export const model = (name) => prefix + name;
