"""Clients as a user would make them: a base URL and a key."""

import os

import anthropic
import openai
import pytest

TIMEOUT_S = 30


def setting(name):
    value = os.environ.get(name)
    if not value:
        pytest.skip(f"{name} is not set")
    return value


@pytest.fixture
def gateway_url():
    return setting("WARDGATE_GATEWAY_URL")


@pytest.fixture
def access_key():
    return setting("WARDGATE_ACCESS_KEY")


@pytest.fixture
def openai_client(gateway_url, access_key):
    with openai.OpenAI(base_url=f"{gateway_url}/v1", api_key=access_key, timeout=TIMEOUT_S, max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(gateway_url, access_key):
    with anthropic.Anthropic(base_url=gateway_url, api_key=access_key, timeout=TIMEOUT_S, max_retries=0) as client:
        yield client


@pytest.fixture
def sandbox_client():
    """Speaks to the sandbox itself: it has surfaces that a gateway need not be asked for."""
    url = setting("WARDGATE_SANDBOX_URL").rstrip("/")
    base_url = url if url.endswith("/v1") else f"{url}/v1"
    with openai.OpenAI(base_url=base_url, api_key="none", timeout=TIMEOUT_S, max_retries=0) as client:
        yield client


@pytest.fixture
def model():
    """Names a model of the sandbox, as the gateway knows it."""
    prefix = os.environ.get("WARDGATE_MODEL_PREFIX", "sandbox:")
    return lambda name: prefix + name
