"""llama.cpp behind the gateway, in both dialects. Without a gateway, the engine itself: what it does not do, we cannot test."""

import anthropic
import openai
import pytest

import management

MESSAGES = [{"role": "user", "content": "Say hello to the world."}]
TOKENS_MAX = 16
TIMEOUT_S = 60


@pytest.fixture
def openai_client(engine):
    return openai.OpenAI(base_url=f"{engine['url']}/v1", api_key=engine["key"], timeout=TIMEOUT_S, max_retries=0)


@pytest.fixture
def anthropic_client(engine):
    return anthropic.Anthropic(base_url=engine["url"], api_key=engine["key"], timeout=TIMEOUT_S, max_retries=0)


def test_chat(engine, openai_client):
    ask = {"model": engine["model"], "messages": MESSAGES, "max_tokens": TOKENS_MAX}
    answer = openai_client.chat.completions.create(**ask)
    assert answer.choices[0].message.content.strip()
    assert answer.usage.prompt_tokens > 0 and answer.usage.completion_tokens > 0

    chunks = list(openai_client.chat.completions.create(**ask, stream=True))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks).strip()
    assert chunks[-1].choices[0].finish_reason in ("stop", "length")


def test_messages(engine, anthropic_client):
    ask = {"model": engine["model"], "messages": MESSAGES, "max_tokens": TOKENS_MAX}
    message = anthropic_client.messages.create(**ask)
    assert message.content[0].text.strip()
    assert message.usage.output_tokens > 0

    with anthropic_client.messages.stream(**ask) as stream:
        text = "".join(stream.text_stream)
        assert text.strip() and stream.get_final_message().stop_reason in ("end_turn", "max_tokens")


def test_usage_is_recorded(engine, openai_client, anthropic_client):
    if engine["is_direct"]:
        pytest.skip("only a gateway records usage")
    ask = {"model": engine["model"], "messages": MESSAGES, "max_tokens": TOKENS_MAX}
    start = management.now()
    for _ in openai_client.chat.completions.create(**ask, stream=True):
        pass
    anthropic_client.messages.create(**ask)
    with anthropic_client.messages.stream(**ask) as stream:
        stream.until_done()
    events = management.usage_since(start, lambda event: event["provider"] == "llamacpp", 3)
    for event in events:
        # The engine keeps a prompt that it has just seen: what it read again and what it remembered belong together.
        assert event["inputTokens"] + event["cacheReadTokens"] > 0
        assert event["outputTokens"] > 0
