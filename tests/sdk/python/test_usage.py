"""Every call is counted, whichever client made it."""

import os

import pytest

import management

MESSAGES = [{"role": "user", "content": "count these four words"}]


@pytest.mark.skipif("WARDGATE_ADMIN_URL" not in os.environ, reason="there is no management API")
def test_calls_are_listed_with_their_tokens(openai_client, anthropic_client, model):
    start = management.now()
    openai_client.chat.completions.create(model=model("echo"), messages=MESSAGES)
    # Usage is counted whether the client asks for it or not.
    for _ in openai_client.chat.completions.create(model=model("echo"), messages=MESSAGES, stream=True):
        pass
    anthropic_client.messages.create(model=model("echo"), max_tokens=64, messages=MESSAGES)
    with anthropic_client.messages.stream(model=model("echo"), max_tokens=64, messages=MESSAGES) as stream:
        stream.until_done()

    events = management.usage_since(start, lambda event: event["provider"] == "sandbox", 4)
    assert len(events) == 4
    for event in events:
        assert (event["model"], event["inputTokens"], event["outputTokens"]) == ("echo", 4, 4)
        assert (event["statusCode"], event["isError"], event["attemptNumber"]) == (200, False, 1)
    assert sorted(event["isStreaming"] for event in events) == [False, False, True, True]
