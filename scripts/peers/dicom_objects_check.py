"""Reads the DICOM files of a folder with highdicom and pydicom and prints what they hold, as JSON.

Run: python scripts/peers/dicom_objects_check.py FOLDER
"""

import hashlib
import json
import pathlib
import sys
import warnings

import highdicom as hd
import numpy as np
import pydicom
from dicom_objects_order import along_normal

warnings.simplefilter("ignore")


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def segmentation(path):
    seg = hd.seg.segread(path)
    volume = seg.get_volume(combine_segments=True, skip_overlap_checks=True)
    array, affine = along_normal(volume.array, volume.affine)
    position = affine[:3, 3]
    return {
        "shape": list(array.shape),
        "sha256": sha(array.astype("<u2")),
        "firstPosition": position.tolist(),
        "labels": [[int(d.segment_number), d.segment_label, d.segmented_property_type.value] for d in seg.SegmentSequence if d.segment_number > 0],
    }


def parametric_map(path):
    image = hd.imread(path)
    volume = image.get_volume(apply_real_world_transform=False, dtype=np.float32)
    array, _ = along_normal(volume.array, volume.affine)
    return {"shape": list(array.shape), "sha256": sha(array.astype("<f4"))}


def report(path):
    content = hd.sr.srread(path).content
    groups = []
    for kind in ("planar", "volumetric"):
        for group in getattr(content, f"get_{kind}_roi_measurement_groups")():
            groups.append(
                {
                    "kind": kind,
                    "trackingId": group.tracking_identifier,
                    "trackingUid": group.tracking_uid,
                    "finding": group.finding_type.value,
                    "measurements": [[m.name.value, m.value, m.unit.value] for m in group.get_measurements()],
                    "evaluations": [[q.name.value, q.value.value] for q in group.get_qualitative_evaluations() if q.name.value != "276214006"],
                }
            )
    return {"groups": groups}


def picture(path):
    ds = pydicom.dcmread(path)
    array = ds.pixel_array
    return {"shape": list(array.shape), "sha256": sha(array.astype("<u2")), "burnedIn": ds.BurnedInAnnotation}


def document(path):
    ds = pydicom.dcmread(path)
    return {"sha256": hashlib.sha256(ds.EncapsulatedDocument[: ds.EncapsulatedDocumentLength]).hexdigest(), "title": ds.DocumentTitle}


def structure_set(path):
    ds = pydicom.dcmread(path)
    return {
        "rois": [r.ROIName for r in ds.StructureSetROISequence],
        "contours": [len(r.get("ContourSequence", [])) for r in ds.ROIContourSequence],
    }


READERS = {"seg": segmentation, "pm": parametric_map, "sr": report, "sc": picture, "pdf": document, "rt": structure_set}


def main():
    folder = pathlib.Path(sys.argv[1])
    out = {}
    for path in sorted(folder.glob("*.dcm")):
        kind = path.name.split("-")[0]
        try:
            out[path.stem] = READERS[kind](path)
        except Exception as error:  # the test says which file a peer cannot read
            out[path.stem] = {"error": f"{type(error).__name__}: {error}"}
    print(json.dumps(out))


if __name__ == "__main__":
    main()
