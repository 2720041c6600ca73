"""The peers' side of transform-rows.ts: answers lines of JSON on the standard input. One thread."""

import json
import sys
import time

import numpy as np


def serve(functions, versions):
    """functions: name -> f(array, **parameters), or that and what is made of its result outside of the time that counts;
    versions: what the table names."""
    inputs = {}

    def prepare(request):
        values = np.fromfile(request["file"], dtype=request["dtype"]).reshape(request["shape"])
        inputs[request["key"]] = values
        return {}

    def run(request):
        function, values = functions[request["name"]], inputs[request["key"]]
        function, after = function if isinstance(function, tuple) else (function, None)
        start = time.process_time()
        for _ in range(request["count"]):
            result = function(values, **request["parameters"])
        ms = (time.process_time() - start) * 1000 / request["count"]
        result = np.asarray(after(result) if after else result)
        if "file" in request:
            np.ascontiguousarray(result).tofile(request["file"])
        return {"ms": [max(ms, 1e-3)], "dtype": str(result.dtype)}

    commands = {"prepare": prepare, "run": run, "describe": lambda _: versions}
    for line in sys.stdin:
        try:
            asked = json.loads(line)
            answer = commands[asked["command"]](asked)
        except Exception as error:  # whatever it is, the other side is told
            answer = {"error": repr(error)}
        print(json.dumps(answer), flush=True)
