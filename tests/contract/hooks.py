"""What the tests of the contract know that the description of the API does not say: which key opens what.

Keys come from the environment, as `cargo xtask test` sets it.
"""

import json
import os
import urllib.request

import schemathesis

ADMIN_URL = os.environ["WARDGATE_ADMIN_URL"]
API_KEY = os.environ["WARDGATE_API_KEY"]
OPERATOR_KEY = os.environ["WARDGATE_OPERATOR_KEY"]
ACCOUNT_HEADER = "x-wardgate-account"


def first_account() -> str:
    """The oldest account, in which the tests act."""
    request = urllib.request.Request(f"{ADMIN_URL}/accounts", headers={"Authorization": f"Bearer {OPERATOR_KEY}"})
    with urllib.request.urlopen(request, timeout=10) as response:
        return json.load(response)["accounts"][-1]["id"]


ACCOUNT = first_account()
# What the tests stand on is not theirs to change: the account they act in, and the keys they act with.
PROTECTED = {
    ACCOUNT: "acct_0000000000000000000000",
    "aigapik_" + API_KEY.split("-")[1]: "aigapik_0000000000000000000000",
    "aigop_" + OPERATOR_KEY.split("-")[1]: "aigop_0000000000000000000000",
}


def takes_api_keys(operation) -> bool:
    return any("apiKey" in requirement for requirement in operation.definition.raw.get("security", []))


@schemathesis.auth(refresh_interval=None)
class Key:
    """An API key where one is enough, else the operator's."""

    def get(self, case, context):
        return API_KEY if takes_api_keys(case.operation) else OPERATOR_KEY

    def set(self, case, data, context):
        case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


@schemathesis.hook
def before_call(context, case, kwargs):
    for name, value in (case.path_parameters or {}).items():
        if case.method.upper() != "GET":
            case.path_parameters[name] = PROTECTED.get(value, value)
    # An API key names no account; an operator key names one that is there. A request without the header stays without it.
    names = [name for name in case.headers or {} if name.lower() == ACCOUNT_HEADER]
    for name in names:
        del case.headers[name]
    if names and not takes_api_keys(case.operation):
        case.headers[ACCOUNT_HEADER] = ACCOUNT
