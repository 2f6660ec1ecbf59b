"""OpenAI's client through the gateway."""

import asyncio
import json

import openai
import pytest

TEXT = "the quick brown fox"
MESSAGES = [{"role": "user", "content": TEXT}]
WEATHER = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
            "required": ["city", "days"],
        },
    },
}


def joined(chunks):
    return "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)


def test_answers(openai_client, model):
    answer = openai_client.chat.completions.create(model=model("echo"), messages=MESSAGES)
    assert answer.choices[0].message.content == TEXT
    assert answer.choices[0].finish_reason == "stop"
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens) == (4, 4)


def test_streams_without_usage_unless_asked(openai_client, model):
    chunks = list(openai_client.chat.completions.create(model=model("echo"), messages=MESSAGES, stream=True))
    assert joined(chunks) == TEXT
    assert all(chunk.choices for chunk in chunks), "a chunk without choices breaks clients that did not ask for usage"
    assert all(chunk.usage is None for chunk in chunks)
    assert chunks[-1].choices[0].finish_reason == "stop"


def test_streams_usage_when_asked(openai_client, model):
    stream = openai_client.chat.completions.create(
        model=model("echo"), messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert joined(chunks) == TEXT
    assert chunks[-1].choices == []
    assert chunks[-1].usage.total_tokens == 8
    assert all(chunk.usage is None for chunk in chunks[:-1])


def test_streams_a_tool_call(openai_client, model):
    stream = openai_client.chat.completions.create(model=model("tools"), messages=MESSAGES, tools=[WEATHER], stream=True)
    fragments, names, finish = [], [], None
    for chunk in stream:
        choice = chunk.choices[0]
        for call in choice.delta.tool_calls or []:
            assert call.index == 0
            names += [call.function.name] if call.function.name else []
            fragments.append(call.function.arguments or "")
        finish = choice.finish_reason or finish
    assert (names, finish) == (["weather"], "tool_calls")
    assert len(fragments) > 2
    assert json.loads("".join(fragments)) == {"city": "sandbox", "days": 1}


def test_accumulates_a_stream_with_the_clients_own_helper(openai_client, model):
    with openai_client.chat.completions.stream(model=model("tools"), messages=MESSAGES, tools=[WEATHER]) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls[0].function.name == "weather"
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "sandbox", "days": 1}


def test_carries_a_conversation_with_a_tool(openai_client, model):
    call = {"id": "call_1", "type": "function", "function": {"name": "weather", "arguments": "{}"}}
    messages = [
        *MESSAGES,
        {"role": "assistant", "content": None, "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": "12 degrees"},
    ]
    answer = openai_client.chat.completions.create(model=model("tools"), messages=messages, tools=[WEATHER])
    assert answer.choices[0].message.content == "The tool answered: 12 degrees"


def test_lists_models(openai_client):
    assert len(openai_client.models.list().data) > 0


def test_falls_back_to_the_next_model(openai_client, model):
    raw = openai_client.chat.completions.with_raw_response.create(
        model=model("fail-500"), messages=MESSAGES, extra_body={"models": [model("echo")]}
    )
    assert raw.headers["x-wardgate-attempts"] == "2"
    assert raw.headers["x-wardgate-request-id"]
    assert raw.parse().choices[0].message.content == TEXT


def test_a_wrong_key_is_an_authentication_error(gateway_url, model):
    client = openai.OpenAI(base_url=f"{gateway_url}/v1", api_key="ng-wrong", max_retries=0)
    with pytest.raises(openai.AuthenticationError) as raised:
        client.chat.completions.create(model=model("echo"), messages=MESSAGES)
    assert raised.value.status_code == 401
    assert raised.value.code


def test_an_unknown_model_is_a_bad_request(openai_client):
    with pytest.raises(openai.BadRequestError) as raised:
        openai_client.chat.completions.create(model="no-such-model", messages=MESSAGES)
    assert raised.value.status_code == 400
    assert raised.value.code


def test_a_break_is_an_error_and_not_an_end(openai_client, model):
    text, finish = "", None
    with pytest.raises(openai.APIError):
        for chunk in openai_client.chat.completions.create(model=model("cut-3"), messages=MESSAGES, stream=True):
            for choice in chunk.choices:
                text += choice.delta.content or ""
                finish = choice.finish_reason or finish
    assert text == "Lorem ipsum dolor "
    assert finish not in ("stop", "length", "tool_calls")


def test_a_rate_limit_is_one(openai_client, model):
    with pytest.raises(openai.RateLimitError) as raised:
        openai_client.chat.completions.create(model=model("fail-429"), messages=MESSAGES)
    assert int(raised.value.response.headers["retry-after"]) >= 1


def test_async(gateway_url, access_key, model):
    async def call():
        async with openai.AsyncOpenAI(base_url=f"{gateway_url}/v1", api_key=access_key, max_retries=0) as client:
            create = client.chat.completions.create
            whole, stream = await asyncio.gather(
                create(model=model("echo"), messages=MESSAGES),
                create(model=model("echo"), messages=MESSAGES, stream=True),
            )
            return whole.choices[0].message.content, joined([chunk async for chunk in stream])

    assert asyncio.run(call()) == (TEXT, TEXT)
