"""Writes fixtures/onnx-files/: models of older opsets, with subgraphs, functions and external data, and what
ONNX Runtime makes of them; and which operators changed between opset 13 and 21.

Run: python scripts/peers/onnx_files.py   (any Python with onnx, onnxruntime and numpy)
The checksum is that of the bytes after `"models":` up to the closing brace.
"""

import base64
import hashlib
import json
import pathlib

import numpy as np
import onnx
import onnxruntime
from onnx import TensorProto, defs, helper, numpy_helper, parser

OUT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "onnx-files"
rng = np.random.default_rng(5)


def text(opset, signature, body, functions="", imports=""):
    ir = 8 if not functions else 9
    return parser.parse_model(
        f'<ir_version: {ir}, opset_import: ["" : {opset}{imports}]> graph {signature} {{ {body} }} {functions}'
    )


def floats(*shape, low=-2, high=2):
    return rng.uniform(low, high, size=shape).astype(np.float32)


MODELS = {}
for name in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "SumSquare"):
    low = 0.5 if name == "LogSum" else -2
    MODELS[f"Reduce{name}"] = (text(13, "(float[2,3,4] x) => (y)", f"y = Reduce{name} <axes = [0, -1], keepdims = 0> (x)"), [floats(2, 3, 4, low=low)])
MODELS["ReduceMean without axes"] = (text(13, "(float[2,3,4] x) => (y)", "y = ReduceMean (x)"), [floats(2, 3, 4)])
MODELS["Split"] = (text(13, "(float[2,6] x) => (a, b, c)", "a, b, c = Split <axis = 1> (x)"), [floats(2, 6)])
MODELS["Split with sizes"] = (text(13, "(float[2,6] x) => (a, b)", "s = Constant <value = int64[2] {2, 4}> () a, b = Split <axis = 1> (x, s)"), [floats(2, 6)])
for mode in ("bilinear", "bicubic", "nearest"):
    MODELS[f"GridSample {mode}"] = (text(16, "(float[1,2,4,5] x, float[1,3,3,2] g) => (y)", f'y = GridSample <mode = "{mode}"> (x, g)'), [floats(1, 2, 4, 5), floats(1, 3, 3, 2, low=-1.2, high=1.2)])
MODELS["GridSample by default"] = (text(16, "(float[1,2,4,5] x, float[1,3,3,2] g) => (y)", "y = GridSample (x, g)"), [floats(1, 2, 4, 5), floats(1, 3, 3, 2, low=-1.2, high=1.2)])
ROI = "(float[1,2,6,6] x, float[2,4] rois, int64[2] which) => (y)"
ROIS = [floats(1, 2, 6, 6), np.array([[0, 0, 3, 3], [1, 1, 5, 4]], np.float32), np.array([0, 0], np.int64)]
MODELS["RoiAlign 10"] = (text(13, ROI, "y = RoiAlign <output_height = 2, output_width = 2> (x, rois, which)"), ROIS)
MODELS["RoiAlign 16"] = (text(16, ROI, "y = RoiAlign <output_height = 2, output_width = 2> (x, rois, which)"), ROIS)
MODELS["BatchNormalization"] = (text(13, "(float[2,3,4] x, float[3] s, float[3] b, float[3] m, float[3] v) => (y)", "y = BatchNormalization (x, s, b, m, v)"), [floats(2, 3, 4), floats(3), floats(3), floats(3), floats(3, low=0.5)])
MODELS["GroupNormalization"] = (text(18, "(float[2,6,4] x, float[3] s, float[3] b) => (y)", "y = GroupNormalization <num_groups = 3> (x, s, b)"), [floats(2, 6, 4), floats(3), floats(3)])
MODELS["DFT"] = (text(17, "(float[1,4,6,1] x) => (float[a,b,c,d] y)", "y = DFT (x)"), [floats(1, 4, 6, 1)])
MODELS["DFT axis 2"] = (text(17, "(float[1,4,6,1] x) => (float[a,b,c,d] y)", "y = DFT <axis = 2> (x)"), [floats(1, 4, 6, 1)])
MODELS["Pad"] = (text(13, "(float[2,3] x) => (y)", 'p = Constant <value = int64[4] {0, 1, 0, 1}> () y = Pad <mode = "reflect"> (x, p)'), [floats(2, 3)])
MODELS["Resize"] = (text(13, "(float[1,1,4,4] x) => (y)", 's = Constant <value = float[4] {1, 1, 1.5, 2}> () y = Resize <mode = "linear", coordinate_transformation_mode = "asymmetric"> (x, , s)'), [floats(1, 1, 4, 4)])
MODELS["AveragePool ceil_mode"] = (text(13, "(float[1,1,5,5] x) => (y)", "y = AveragePool <kernel_shape = [2, 2], strides = [2, 2], ceil_mode = 1> (x)"), [floats(1, 1, 5, 5)])
MODELS["LpPool"] = (text(13, "(float[1,1,6,6] x) => (y)", "y = LpPool <kernel_shape = [3, 3], strides = [2, 2], p = 2> (x)"), [floats(1, 1, 6, 6)])
MODELS["LSTM"] = (text(13, "(float[3,2,4] x, float[1,8,4] w, float[1,8,2] r) => (float[a,b,c,d] y)", "y = LSTM <hidden_size = 2> (x, w, r)"), [floats(3, 2, 4), floats(1, 8, 4), floats(1, 8, 2)])
MODELS["names that the engine likes"] = (text(13, "(float[2,3] x) => (y)", "constant = ReduceMean <axes = [1]> (x) constant_1 = Sub (x, constant) y = ReduceMax <axes = [0]> (constant_1)"), [floats(2, 3)])

MODELS["If"] = (text(16, "(bool c, float[3] x) => (float[3] y)", """
    k = Constant <value = float[1] {2.0}> ()
    y = If (c) <
        then_branch = g1 () => (float[3] a) { a = Mul (x, k) },
        else_branch = g2 () => (float[3] b) { t = Constant <value = float[3] {1.0, 2.0, 3.0}> () u = Neg (x) b = Add (u, t) } >"""), [np.array(False), floats(3)])
MODELS["If with a constant branch"] = (text(16, "(bool c) => (float[3] y)", """
    y = If (c) <
        then_branch = g1 () => (float[3] a) { a = Constant <value = float[3] {1.0, 2.0, 3.0}> () },
        else_branch = g2 () => (float[3] b) { b = Constant <value = float[3] {4.0, 5.0, 6.0}> () } >"""), [np.array(True)])
MODELS["Loop"] = (text(16, "(float[2] x) => (float[2] y, float[n,2] all)", """
    n = Constant <value = int64 {3}> () go = Constant <value = bool {1}> ()
    y, all = Loop (n, go, x) <body = g (int64 i, bool c, float[2] s) => (bool c2, float[2] s2, float[2] o) {
        c2 = Identity (c) s2 = Add (s, x) o = ReduceMax <axes = [0], keepdims = 1> (s2) }>"""), [floats(2)])
# The scan output of the body above is one number wide.
MODELS["Loop"][0].graph.output[1].type.tensor_type.shape.dim[1].dim_value = 1
MODELS["local functions"] = (text(16, "(float[2,3] x) => (y, z)", """
    y = my.scaled <factor = 3.0> (x) z = my.outer (x)""", """
    <domain: "my", opset_import: ["" : 16]> scaled <factor: float = 2.0> (v) => (w) {
        f = Constant <value_float: float = @factor> () w = Mul (v, f) }
    <domain: "my", opset_import: ["" : 16, "my" : 1]> outer (v) => (w) {
        a = my.scaled (v) b = my.scaled <factor = 0.5> (a) w = Add (a, b) }""", ', "my" : 1'), [floats(2, 3)])

shape_chain = text(17, "(float[N,4,5] x) => (y)", """
    s = Shape (x) i = Constant <value = int64 {0}> () n = Gather (s, i) axes = Constant <value = int64[1] {0}> ()
    n1 = Unsqueeze (n, axes) rest = Constant <value = int64[1] {-1}> () target = Concat <axis = 0> (n1, rest)
    y = Reshape (x, target)""")
MODELS["shape computed from a shape"] = (shape_chain, [floats(2, 4, 5)])
halves = text(17, "(float[N,C,H,W] x) => (y)", """
    s = Shape <start = 2> (x) two = Constant <value = int64[1] {2}> () half = Div (s, two)
    f = Shape <end = 2> (x) sizes = Concat <axis = 0> (f, half) y = Resize <mode = "nearest"> (x, , , sizes)""")
MODELS["Resize to half of a shape"] = (halves, [floats(1, 2, 6, 4)])
dynamic = text(17, "(float[N,3] x) => (y)", """
    s = Shape (x) one = ConstantOfShape <value = int64[1] {1}> (rank) minus = Constant <value = int64[1] {-1}> ()
    neg = Mul (one, minus) same = Equal (want, neg) real = Where (same, one, want) y = Expand (x, real)""")
dynamic.graph.initializer.extend([
    numpy_helper.from_array(np.array([2], np.int64), "rank"), numpy_helper.from_array(np.array([-1, 3], np.int64), "want"),
])
MODELS["Expand with minus one"] = (dynamic, [floats(2, 3)])

external = text(17, "(float[2,3] x) => (y)", "y = Add (x, w)")
weight = numpy_helper.from_array(floats(2, 3), "w")
raw = weight.raw_data
EXTERNAL = {"weights.bin": b"\0" * 16 + raw}
outside = TensorProto(name="w", data_type=1, dims=[2, 3], data_location=TensorProto.EXTERNAL)
for key, value in (("location", "weights.bin"), ("offset", "16"), ("length", str(len(raw)))):
    outside.external_data.add(key=key, value=value)

types = {"bfloat16": TensorProto.BFLOAT16, "float16": TensorProto.FLOAT16}
for name, code in types.items():
    model = text(17, "(float[3] x) => (y)", "v = Cast <to = 1> (w) y = Add (x, v)")
    model.graph.initializer.append(helper.make_tensor("w", code, [3], [1.5, -2.25, 1024]))
    MODELS[f"{name} in fields"] = (model, [floats(3)])
    model = text(17, "(float[3] x) => (y)", "v = Cast <to = 1> (w) y = Add (x, v)")
    bits = {"bfloat16": [0x3FC0, 0xC010, 0x4480], "float16": [0x3E00, 0xC080, 0x6400]}[name]
    model.graph.initializer.append(helper.make_tensor("w", code, [3], np.array(bits, np.uint16).tobytes(), raw=True))
    MODELS[f"{name} as bytes"] = (model, [floats(3)])


def packed(array):
    array = np.asarray(array)
    return {"dtype": array.dtype.name, "dims": list(array.shape), "values": [float(v) for v in array.reshape(-1)]}


def encode(data):
    return base64.b64encode(data).decode()


def row(name, model, inputs):
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    names = [value.name for value in session.get_inputs()]
    outputs = session.run(None, dict(zip(names, inputs)))
    return {"name": name, "model": encode(model.SerializeToString()),
            "inputs": [packed(v) for v in inputs], "outputs": [packed(v) for v in outputs]}


def history():
    """Operators with more than one version in 13..21: the versions, and what differs but element types."""
    by_name = {}
    for schema in defs.get_all_schemas_with_history():
        if schema.domain == "" and schema.since_version <= 21:
            by_name.setdefault(schema.name, []).append(schema)
    changed = {}
    for name, schemas in sorted(by_name.items()):
        schemas.sort(key=lambda s: s.since_version)
        first = max((s.since_version for s in schemas if s.since_version <= 13), default=0)
        alive = [s for s in schemas if s.since_version >= first]
        if len(alive) > 1:
            changed[name] = [s.since_version for s in alive]
    return changed


def main():
    OUT.mkdir(parents=True, exist_ok=True)
    rows = [row(name, model, inputs) for name, (model, inputs) in MODELS.items()]
    whole = text(17, "(float[2,3] x) => (y)", "y = Add (x, w)")
    whole.graph.initializer.append(weight)
    case = row("external data", whole, [floats(2, 3)])
    external.graph.initializer.append(outside)
    case["model"] = encode(external.SerializeToString())
    case["files"] = {name: encode(data) for name, data in EXTERNAL.items()}
    rows.append(case)
    payload = json.dumps(rows, separators=(",", ":"))
    head = {
        "maker": "scripts/peers/onnx_files.py",
        "peer": f"onnx {onnx.__version__}, onnxruntime {onnxruntime.__version__}",
        "sha256": hashlib.sha256(payload.encode()).hexdigest(),
        "changedBetween13And21": history(),
    }
    (OUT / "models.json").write_text(json.dumps(head, separators=(",", ":"))[:-1] + ',"models":' + payload + "}\n")
    print(f"{len(rows)} models, {(OUT / 'models.json').stat().st_size} bytes, {len(head['changedBetween13And21'])} operators changed")


main()
