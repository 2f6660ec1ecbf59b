"""The sandbox itself: what it sends has to please the official clients on every surface that it has."""

import json
import math


def test_responses(sandbox_client):
    answer = sandbox_client.responses.create(model="echo", input="one two", instructions="Repeat.")
    assert (answer.output_text, answer.status, answer.usage.total_tokens) == ("one two", "completed", 5)


def test_responses_stream_with_the_clients_own_helper(sandbox_client):
    with sandbox_client.responses.stream(model="reason", input="one two") as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert "".join(deltas) == final.output_text == "one two"
    assert [item.type for item in final.output] == ["reasoning", "message"]


def test_responses_call_a_tool(sandbox_client):
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    tool = {"type": "function", "name": "weather", "parameters": parameters, "strict": True}
    with sandbox_client.responses.stream(model="tools", input="go", tools=[tool]) as stream:
        call = stream.get_final_response().output[0]
    assert (call.name, json.loads(call.arguments)) == ("weather", {"city": "sandbox"})


def test_embeddings_in_both_encodings(sandbox_client):
    inputs = ["one two", "three"]
    # Without an encoding, the client asks for base64 and decodes it.
    packed = sandbox_client.embeddings.create(model="embed", input=inputs, dimensions=32)
    plain = sandbox_client.embeddings.create(model="embed", input=inputs, dimensions=32, encoding_format="float")
    for left, right in zip(packed.data, plain.data, strict=True):
        assert len(left.embedding) == 32
        assert math.isclose(math.hypot(*left.embedding), 1, rel_tol=1e-5)
        assert all(math.isclose(a, b, rel_tol=1e-5, abs_tol=1e-7) for a, b in zip(left.embedding, right.embedding, strict=True))
    assert packed.usage.prompt_tokens == 3


def test_reasoning_in_chat(sandbox_client):
    answer = sandbox_client.chat.completions.create(model="reason", messages=[{"role": "user", "content": "so"}])
    assert answer.choices[0].message.content == "so"
    assert answer.choices[0].message.reasoning_content
    assert answer.usage.completion_tokens_details.reasoning_tokens > 0


def test_models(sandbox_client):
    assert "echo" in [model.id for model in sandbox_client.models.list()]
