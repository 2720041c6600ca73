"""Writes src/engine/operators/schema.generated.ts: the attributes and arities of ONNX operators at the engine's opset.

Run with the peers' environment: python scripts/peers/operator_schema.py
"""
import json
import pathlib

import onnx
from onnx import defs

OPSET = {"": 21, "ai.onnx.ml": 5}
KINDS = {"INT": "int", "FLOAT": "float", "STRING": "string", "INTS": "ints", "FLOATS": "floats",
         "STRINGS": "strings", "TENSOR": "tensor", "GRAPH": "graph"}

table = {}
for domain, opset in OPSET.items():
    for name in sorted({s.name for s in defs.get_all_schemas_with_history() if s.domain == domain}):
        try:
            schema = defs.get_schema(name, opset, domain)
        except Exception:
            continue
        if schema.deprecated:
            continue
        unlimited = 2147483647
        table[f"{domain}:{name}" if domain else name] = {
            "since": schema.since_version,
            "inputs": [schema.min_input, -1 if schema.max_input >= unlimited else schema.max_input],
            "outputs": [schema.min_output, -1 if schema.max_output >= unlimited else schema.max_output],
            "attributes": {k: KINDS.get(a.type.name, "opaque") for k, a in sorted(schema.attributes.items())},
        }

target = pathlib.Path(__file__).parents[2] / "src/engine/operators/schema.generated.ts"
rows = ",\n".join(f"  {json.dumps(k)}: {json.dumps(v)}" for k, v in table.items())
target.write_text(
    f"// Made by scripts/peers/operator_schema.py from onnx {onnx.__version__}, opset {OPSET['']}. Do not edit.\n"
    "import type { OperatorSchema } from './schema.ts';\n\n"
    f"export const standardSchemas: Readonly<Record<string, OperatorSchema>> = {{\n{rows},\n}};\n")
print(f"{len(table)} operators")
