"""A real engine, registered as a provider of the account that the gateway was started with."""

import os
import pathlib
import select
import subprocess
import sys

import pytest

import management

START_MAX_S = 60
PROVIDER = "llamacpp"


@pytest.fixture(scope="session")
def engine_url(tmp_path_factory):
    log = tmp_path_factory.mktemp("engine") / "log"
    server = pathlib.Path(__file__).parent / "server.py"
    with log.open("w") as errors:
        process = subprocess.Popen([sys.executable, server], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True)
    try:
        readable, _, _ = select.select([process.stdout], [], [], START_MAX_S)
        url = process.stdout.readline().strip() if readable else ""
        assert url, f"the engine did not start:\n{log.read_text()[-4000:]}"
        yield url
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="session")
def engine(engine_url):
    """What a client needs in order to reach the engine: the two base URLs, the key and the model."""
    if "WARDGATE_GATEWAY_URL" not in os.environ:
        return {"url": engine_url, "key": "none", "model": "smollm2", "is_direct": True}
    provider = {
        "providerId": PROVIDER,
        "name": "llama.cpp",
        "baseUrl": engine_url,
        "supportedApiSurfaces": [
            {"format": "openai", "surface": "chat-completions"},
            {"format": "anthropic", "surface": "messages"},
        ],
    }
    management.call("POST", "/providers", provider)
    gateway = {"url": os.environ["WARDGATE_GATEWAY_URL"], "key": os.environ["WARDGATE_ACCESS_KEY"]}
    return {**gateway, "model": f"{PROVIDER}:smollm2", "is_direct": False}
