"""Each official client carries a streamed conversation with a tool through providers of every format.

The sandbox speaks six formats. Here it is six providers, each of which is known to speak only one, so that a client of another
format is translated to it.
"""

import json
import os

import pytest
from google import genai
from google.genai import types

import management

SPEAKERS = {
    "only-chat": {"format": "openai", "surface": "chat-completions"},
    "only-responses": {"format": "openai", "surface": "responses"},
    "only-messages": {"format": "anthropic", "surface": "messages"},
    "only-gemini": {"format": "google", "surface": "generate-content"},
    "only-cohere": {"format": "cohere", "surface": "chat-completions"},
    "only-converse": {"format": "bedrock", "surface": "chat-completions"},
}
QUESTION = "how is the weather?"
ANSWER = "The tool answered: 12 degrees"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}

pytestmark = pytest.mark.skipif("WARDGATE_ADMIN_URL" not in os.environ, reason="there is no management API")


@pytest.fixture(scope="module", autouse=True)
def speakers():
    sandbox = os.environ["WARDGATE_SANDBOX_URL"]
    for name, surface in SPEAKERS.items():
        body = {"providerId": name, "name": name, "baseUrl": sandbox, "supportedApiSurfaces": [surface]}
        management.call("POST", "/providers", body)


@pytest.fixture(params=SPEAKERS)
def tools_model(request):
    return f"{request.param}:tools"


@pytest.fixture
def google_client(gateway_url, access_key):
    return genai.Client(api_key=access_key, http_options=types.HttpOptions(base_url=gateway_url, timeout=30_000))


def test_openai_chat(openai_client, tools_model):
    tools = [{"type": "function", "function": {"name": "weather", "parameters": SCHEMA}}]
    messages = [{"role": "user", "content": QUESTION}]

    def turn():
        ask = {"model": tools_model, "messages": messages, "tools": tools}
        with openai_client.chat.completions.stream(**ask) as stream:
            stream.until_done()
            return stream.get_final_completion().choices[0]

    first = turn()
    (call,) = first.message.tool_calls
    assert (first.finish_reason, call.function.name) == ("tool_calls", "weather")
    assert json.loads(call.function.arguments) == {"city": "sandbox"}
    messages.append(first.message.model_dump(exclude_none=True, exclude={"parsed"}))
    messages.append({"role": "tool", "tool_call_id": call.id, "content": "12 degrees"})
    second = turn()
    assert (second.finish_reason, second.message.content) == ("stop", ANSWER)


def test_openai_responses(openai_client, tools_model):
    tools = [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}]
    items = [{"role": "user", "content": QUESTION}]

    def turn():
        with openai_client.responses.stream(model=tools_model, input=items, tools=tools, store=False) as stream:
            stream.until_done()
            return stream.get_final_response()

    first = turn()
    (call,) = [item for item in first.output if item.type == "function_call"]
    assert (first.status, call.name, json.loads(call.arguments)) == ("completed", "weather", {"city": "sandbox"})
    items.append({"type": "function_call", "call_id": call.call_id, "name": call.name, "arguments": call.arguments})
    items.append({"type": "function_call_output", "call_id": call.call_id, "output": "12 degrees"})
    assert turn().output_text == ANSWER


def test_anthropic(anthropic_client, tools_model):
    tools = [{"name": "weather", "input_schema": SCHEMA}]
    messages = [{"role": "user", "content": QUESTION}]

    def turn():
        with anthropic_client.messages.stream(model=tools_model, max_tokens=64, messages=messages, tools=tools) as stream:
            stream.until_done()
            return stream.get_final_message()

    first = turn()
    (call,) = [block for block in first.content if block.type == "tool_use"]
    assert (first.stop_reason, call.name, call.input) == ("tool_use", "weather", {"city": "sandbox"})
    messages.append({"role": "assistant", "content": [block.model_dump(exclude_none=True) for block in first.content]})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "12 degrees"}
    messages.append({"role": "user", "content": [result]})
    second = turn()
    assert (second.stop_reason, second.content[0].text) == ("end_turn", ANSWER)


def test_google(google_client, tools_model):
    declaration = types.FunctionDeclaration(name="weather", parameters_json_schema=SCHEMA)
    config = types.GenerateContentConfig(
        tools=[types.Tool(function_declarations=[declaration])],
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    contents = [types.Content(role="user", parts=[types.Part(text=QUESTION)])]

    def turn():
        chunks = list(google_client.models.generate_content_stream(model=tools_model, contents=contents, config=config))
        parts = [part for chunk in chunks for part in (chunk.candidates[0].content.parts or [])]
        assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
        assert chunks[-1].usage_metadata.prompt_token_count > 0
        return parts

    first = turn()
    (call,) = [part.function_call for part in first if part.function_call]
    assert (call.name, call.args) == ("weather", {"city": "sandbox"})
    contents.append(types.Content(role="model", parts=first))
    response = types.FunctionResponse(id=call.id, name=call.name, response={"result": "12 degrees"})
    contents.append(types.Content(role="user", parts=[types.Part(function_response=response)]))
    said = "".join(part.text or "" for part in turn())
    assert said.startswith("The tool answered: ") and "12 degrees" in said


def test_google_whole_counted_and_listed(google_client, model):
    answer = google_client.models.generate_content(model=model("echo"), contents=QUESTION)
    assert answer.text == QUESTION
    counted = google_client.models.count_tokens(model=model("echo"), contents=QUESTION)
    assert counted.total_tokens > 0
    assert any(listed.name == f"models/{model('echo')}" for listed in google_client.models.list())


def test_embeddings_and_a_count(openai_client, anthropic_client, model):
    vector = openai_client.embeddings.create(model=model("embed"), input="some text").data[0].embedding
    assert vector and all(isinstance(value, float) for value in vector)
    messages = [{"role": "user", "content": "count these four words"}]
    assert anthropic_client.messages.count_tokens(model=model("echo"), messages=messages).input_tokens == 4


def test_each_client_counts_whoever_answers(openai_client, anthropic_client, google_client):
    # Only the last of them counts; for the others the gateway reckons.
    for name in ("only-chat:echo", "only-responses:echo", "sandbox:echo"):
        messages = [{"role": "user", "content": QUESTION}]
        told = [
            openai_client.responses.input_tokens.count(model=name, input=QUESTION).input_tokens,
            anthropic_client.messages.count_tokens(model=name, messages=messages).input_tokens,
            google_client.models.count_tokens(model=name, contents=QUESTION).total_tokens,
        ]
        assert told == [told[0]] * 3 and told[0] > 0, name


def test_google_embeddings(google_client, openai_client, model):
    texts = ["some text", "other words"]
    config = types.EmbedContentConfig(output_dimensionality=16)
    vectors = google_client.models.embed_content(model=model("embed"), contents=texts, config=config).embeddings
    plain = openai_client.embeddings.create(model=model("embed"), input=texts, dimensions=16).data
    for vector, expected in zip(vectors, plain, strict=True):
        assert vector.values == pytest.approx(expected.embedding, abs=1e-6)
