"""Anthropic's client through the gateway."""

import asyncio

import anthropic
import pytest

TEXT = "the quick brown fox"
ASK = {"max_tokens": 64, "messages": [{"role": "user", "content": TEXT}]}
WEATHER = {
    "name": "weather",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def test_answers(anthropic_client, model):
    message = anthropic_client.messages.create(model=model("echo"), **ASK)
    assert message.content[0].text == TEXT
    assert message.stop_reason == "end_turn"
    assert (message.usage.input_tokens, message.usage.output_tokens) == (4, 4)


def test_streams(anthropic_client, model):
    with anthropic_client.messages.stream(model=model("echo"), **ASK) as stream:
        pieces = list(stream.text_stream)
        message = stream.get_final_message()
    assert "".join(pieces) == message.content[0].text == TEXT
    assert len(pieces) > 1
    assert (message.usage.input_tokens, message.usage.output_tokens) == (4, 4)


def test_calls_a_tool_streamed_and_not(anthropic_client, model):
    whole = anthropic_client.messages.create(model=model("tools"), tools=[WEATHER], **ASK)
    with anthropic_client.messages.stream(model=model("tools"), tools=[WEATHER], **ASK) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        block = message.content[-1]
        assert (message.stop_reason, block.name, block.input) == ("tool_use", "weather", {"city": "sandbox"})


def test_carries_a_conversation_with_a_tool(anthropic_client, model):
    turns = [
        {"role": "user", "content": TEXT},
        {"role": "assistant", "content": [{"type": "tool_use", "id": "toolu_1", "name": "weather", "input": {}}]},
        {"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": "12 degrees"}]},
    ]
    message = anthropic_client.messages.create(model=model("tools"), max_tokens=64, tools=[WEATHER], messages=turns)
    assert message.content[0].text == "The tool answered: 12 degrees"


def test_thinks_then_answers(anthropic_client, model):
    ask = {**ASK, "max_tokens": 2048, "thinking": {"type": "enabled", "budget_tokens": 1024}}
    whole = anthropic_client.messages.create(model=model("reason"), **ask)
    with anthropic_client.messages.stream(model=model("reason"), **ask) as stream:
        streamed = stream.get_final_message()
    for message in (whole, streamed):
        thinking, text = message.content
        assert thinking.thinking and thinking.signature
        assert text.text == TEXT


def test_a_limit_is_named(anthropic_client, model):
    message = anthropic_client.messages.create(model=model("lorem"), **{**ASK, "max_tokens": 2})
    assert (message.stop_reason, message.content[0].text) == ("max_tokens", "Lorem ipsum ")


def test_a_break_is_an_error_and_not_an_end(anthropic_client, model):
    seen = []
    with pytest.raises(anthropic.APIError):
        with anthropic_client.messages.stream(model=model("cut-3"), **ASK) as stream:
            for event in stream:
                seen.append(event)
    assert "".join(event.text for event in seen if event.type == "text") == "Lorem ipsum dolor "
    assert all(event.type not in ("message_delta", "message_stop") for event in seen)


def test_a_wrong_key_is_an_authentication_error(gateway_url, model):
    client = anthropic.Anthropic(base_url=gateway_url, api_key="ng-wrong", max_retries=0)
    with pytest.raises(anthropic.AuthenticationError) as raised:
        client.messages.create(model=model("echo"), **ASK)
    assert raised.value.body["type"] == "error"
    assert raised.value.body["error"]["type"] == "authentication_error"


def test_an_unknown_model_is_a_bad_request(anthropic_client):
    with pytest.raises(anthropic.BadRequestError) as raised:
        anthropic_client.messages.create(model="no-such-model", **ASK)
    assert raised.value.body["error"]["type"] == "invalid_request_error"


def test_a_rate_limit_is_one(anthropic_client, model):
    with pytest.raises(anthropic.RateLimitError) as raised:
        anthropic_client.messages.create(model=model("fail-429"), **ASK)
    assert raised.value.body["error"]["type"] == "rate_limit_error"


def test_async(gateway_url, access_key, model):
    async def call():
        async with anthropic.AsyncAnthropic(base_url=gateway_url, api_key=access_key, max_retries=0) as client:
            whole = await client.messages.create(model=model("echo"), **ASK)
            async with client.messages.stream(model=model("echo"), **ASK) as stream:
                streamed = await stream.get_final_message()
            return whole.content[0].text, streamed.content[0].text

    assert asyncio.run(call()) == (TEXT, TEXT)
