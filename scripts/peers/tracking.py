"""What TensorBoard and MLflow make of a run's tracking, for the tests of src/tasks/tracking.

Run: python scripts/peers/tracking.py              (writes fixtures/tracking/events.json)
     python scripts/peers/tracking.py read DIR     (all that TensorBoard reads below DIR, as JSON)
"""

import base64
import hashlib
import json
import math
import pathlib
import sys

import tensorboard
from tensorboard.compat.proto import event_pb2, summary_pb2, tensor_pb2, tensor_shape_pb2, types_pb2
from tensorboard.compat.tensorflow_stub.pywrap_tensorflow import masked_crc32c
from tensorboard.plugins.hparams import metadata as hparams
from tensorboard.plugins.hparams import plugin_data_pb2

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "tracking"
NOW = 1700000000.25

# A PNG of 3 x 2 pixels: only its header counts here.
PNG = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAMAAAACCAAAAAC4HznGAAAAC0lEQVR4nGNgQAEAAA4AAShoVZIAAAAASUVORK5CYII="
)


def record(event):
    data = event.SerializeToString(deterministic=True)
    size = len(data).to_bytes(8, "little")
    return (
        size
        + masked_crc32c(size).to_bytes(4, "little")
        + data
        + masked_crc32c(data).to_bytes(4, "little")
    )


def value(step=0, **fields):
    summary = summary_pb2.Summary(value=[summary_pb2.Summary.Value(**fields)])
    return event_pb2.Event(wall_time=NOW, step=step, summary=summary)


def text(tag, step, content):
    shape = tensor_shape_pb2.TensorShapeProto(dim=[tensor_shape_pb2.TensorShapeProto.Dim(size=1)])
    tensor = tensor_pb2.TensorProto(
        dtype=types_pb2.DT_STRING, tensor_shape=shape, string_val=[content.encode()]
    )
    plugin = summary_pb2.SummaryMetadata.PluginData(plugin_name="text")
    metadata = summary_pb2.SummaryMetadata(plugin_data=plugin)
    return value(step, tag=tag + "/text_summary", tensor=tensor, metadata=metadata)


def settings(values, group):
    start = plugin_data_pb2.SessionStartInfo(group_name=group, start_time_secs=NOW)
    for name, setting in values.items():
        if isinstance(setting, bool):
            start.hparams[name].bool_value = setting
        elif isinstance(setting, str):
            start.hparams[name].string_value = setting
        else:
            start.hparams[name].number_value = setting
    metadata = hparams.create_summary_metadata(
        plugin_data_pb2.HParamsPluginData(session_start_info=start)
    )
    return value(tag=hparams.SESSION_START_INFO_TAG, tensor=hparams.NULL_TENSOR, metadata=metadata)


def end(status):
    info = plugin_data_pb2.SessionEndInfo(status=status, end_time_secs=NOW)
    metadata = hparams.create_summary_metadata(
        plugin_data_pb2.HParamsPluginData(session_end_info=info)
    )
    return value(tag=hparams.SESSION_END_INFO_TAG, tensor=hparams.NULL_TENSOR, metadata=metadata)


def cases():
    start = event_pb2.SessionLog(status=event_pb2.SessionLog.START)
    image = summary_pb2.Summary.Image(
        height=2, width=3, colorspace=3, encoded_image_string=PNG
    )
    # One setting each: the plugin writes several in an order of its own.
    held = [{"lr": 0.001}, {"network": "resnet18"}, {"freeze": False}, {"frozen": True}, {"ema": 0}, {}]
    words = "| setting | value |\n|---|---|\n| purpose | Forschung, 研究 |"
    return [
        ({"kind": "version"}, event_pb2.Event(wall_time=NOW, file_version="brain.Event:2")),
        (
            {"kind": "session", "step": 301},
            event_pb2.Event(wall_time=NOW, step=301, session_log=start),
        ),
        (
            {"kind": "scalar", "tag": "validation/auc", "step": 1234567890123, "value": 0.8125},
            value(1234567890123, tag="validation/auc", simple_value=0.8125),
        ),
        (
            {"kind": "scalar", "tag": "train/loss", "step": 0, "value": 0},
            value(0, tag="train/loss", simple_value=0),
        ),
        ({"kind": "text", "tag": "settings", "step": 7, "text": words}, text("settings", 7, words)),
        (
            {"kind": "image", "tag": "heat map", "step": 9, "png": base64.b64encode(PNG).decode()},
            value(9, tag="heat map", image=image),
        ),
        *(
            ({"kind": "settings", "settings": one, "group": "run-a"}, settings(one, "run-a"))
            for one in held
        ),
        ({"kind": "end", "status": "success"}, end(1)),
        ({"kind": "end", "status": "failure"}, end(2)),
        ({"kind": "end", "status": "unknown"}, end(0)),
    ]


def write_fixture():
    payload = {
        "wallTimeSeconds": NOW,
        "events": [
            {"event": ours, "record": base64.b64encode(record(theirs)).decode()}
            for ours, theirs in cases()
        ],
    }
    body = json.dumps(payload, separators=(",", ":"), ensure_ascii=False)
    ROOT.mkdir(parents=True, exist_ok=True)
    stored = {
        "maker": "scripts/peers/tracking.py",
        "peer": f"tensorboard {tensorboard.version.VERSION}",
        "sha256": hashlib.sha256(body.encode()).hexdigest(),
        "payload": payload,
    }
    (ROOT / "events.json").write_text(
        json.dumps(stored, separators=(",", ":"), ensure_ascii=False) + "\n"
    )


def read(folder):
    """Each run below the folder by EventAccumulator, and the hparams plugin's table by its own backend."""
    from tensorboard.backend.event_processing import data_provider, plugin_event_multiplexer
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
    from tensorboard.context import RequestContext
    from tensorboard.plugins import base_plugin
    from tensorboard.plugins.hparams import backend_context, list_session_groups
    from tensorboard.plugins.hparams import api_pb2
    from google.protobuf import json_format

    unlimited = {name: 0 for name in ("scalars", "tensors", "images", "histograms")}
    runs = {}
    files = pathlib.Path(folder).rglob("*tfevents*")
    for place in sorted({path.parent for path in files}):
        events = EventAccumulator(str(place), size_guidance=unlimited)
        events.Reload()
        tags = events.Tags()
        runs[str(place.relative_to(folder))] = {
            "scalars": {
                t: [[e.step, e.value if math.isfinite(e.value) else None] for e in events.Scalars(t)]
                for t in tags["scalars"]
            },
            "images": {t: [[e.step, e.width, e.height] for e in events.Images(t)] for t in tags["images"]},
            "texts": {
                t: [[e.step, e.tensor_proto.string_val[0].decode()] for e in events.Tensors(t)]
                for t in tags["tensors"]
                if not t.startswith("_hparams_")
            },
            "histograms": {
                t: [[e.step, e.histogram_value.num, e.histogram_value.sum] for e in events.Histograms(t)]
                for t in tags["histograms"]
            },
        }
    multiplexer = plugin_event_multiplexer.EventMultiplexer()
    multiplexer.AddRunsFromDirectory(folder)
    multiplexer.Reload()
    provider = data_provider.MultiplexerDataProvider(multiplexer, folder)
    around = base_plugin.TBContext(data_provider=provider, logdir=folder)
    backend = backend_context.Context(around)
    context = RequestContext()
    metadata = backend.hparams_metadata(context, "")
    experiment = backend.experiment_from_metadata(context, "", True, metadata, None)
    asked = [{"hparam": name.name} for name in experiment.hparam_infos]
    request = json_format.ParseDict(
        {"startIndex": 0, "sliceSize": 100, "colParams": asked, "allowedStatuses": [0, 1, 2, 3]},
        api_pb2.ListSessionGroupsRequest(),
    )
    groups = list_session_groups.Handler(context, backend, "", request).run()
    table = {
        group.name: {
            "settings": {k: json_format.MessageToDict(v) for k, v in group.hparams.items()},
            "status": [session.status for session in group.sessions],
        }
        for group in groups.session_groups
    }
    return {"runs": runs, "settings": table}


if len(sys.argv) > 2 and sys.argv[1] == "read":
    print(json.dumps(read(sys.argv[2])))
else:
    write_fixture()
