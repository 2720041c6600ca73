"""What highdicom, pydicom and rt-utils read from the derived objects of the shared data.

Run: HOUNSFIELD_DATA=... python scripts/peers/dicom_objects_data.py   (writes fixtures/dicom-objects/data.json)
"""

import hashlib
import json
import os
import pathlib
import warnings

import highdicom as hd
import nibabel
import numpy as np
import pydicom
from dicom_objects_order import along_normal

warnings.simplefilter("ignore")
HERE = pathlib.Path(__file__).resolve().parents[2]
DATA = pathlib.Path(os.environ.get("HOUNSFIELD_DATA", HERE.parent / "shared" / "data"))
ROOT = HERE / "fixtures" / "dicom-objects"


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def segmentations():
    files = sorted((DATA / "highdicom_dicom/data/test_files").glob("seg_image_*.dcm"))
    dcmqi = DATA / "dicom_codecs_wg04/dcmqi"
    files += [
        dcmqi / "segmentations/liver.dcm",
        dcmqi / "segmentations/partial_overlaps.dcm",
        dcmqi / "segmentations/23x38x3/seg/label.seg",
        dcmqi / "segmentations/24x38x3/seg/label.seg",
        dcmqi / "sr-example/seg.dcm",
        DATA / "pydicom_dicom/test_files/liver_1frame.dcm",
        DATA / "pydicom_dicom/test_files/liver_expb_1frame.dcm",
    ]
    out = {}
    for file in files:
        ds = pydicom.dcmread(file)
        if not ds.file_meta.TransferSyntaxUID.is_little_endian:
            continue  # highdicom refuses big endian; the values are those of its little-endian twin
        seg = hd.seg.Segmentation.from_dataset(ds)
        numbers = [int(d.SegmentNumber) for d in seg.SegmentSequence if int(d.SegmentNumber) > 0]
        record = {"type": seg.SegmentationType, "numbers": numbers, "most": int(seg.get("MaximumFractionalValue", 1))}
        if "TotalPixelMatrixRows" in seg:
            array = seg.get_total_pixel_matrix(combine_segments=False, segment_numbers=numbers)[None]
        elif "FrameOfReferenceUID" not in seg:
            array = seg.get_pixels_by_source_instance([seg.get_source_image_uids()[0][2]], combine_segments=False, segment_numbers=numbers)
        else:
            try:
                volume = seg.get_volume(combine_segments=False, segment_numbers=numbers, rescale_fractional=False, allow_missing_positions=True)
                array, affine = along_normal(volume.array, volume.affine)
                record["affine"] = affine.tolist()
            except RuntimeError:
                record["note"] = "highdicom makes no volume of it: frames compared"
                record["frames"] = sha(seg.pixel_array.astype(np.uint8))
                out[str(file.relative_to(DATA))] = record
                continue
        record["shape"] = list(array.shape)
        record["segmentSha256"] = [sha(array[..., i].astype(np.uint8)) for i in range(array.shape[-1])]
        out[str(file.relative_to(DATA))] = record
    return out


def walk(item):
    for child in item.get("ContentSequence", []):
        yield child
        yield from walk(child)


def number(item):
    return float(item.get("FloatingPointValue", item.NumericValue))  # the former is exact


def reports():
    files = [
        "highdicom_dicom/data/test_files/sr_document.dcm",
        "highdicom_dicom/data/test_files/sr_document_with_multiple_groups.dcm",
        "dicom_codecs_wg04/dcmqi/sr-example/sr.dcm",
        "pydicom_dicom/test_files/test-SR.dcm",
        "pydicom_dicom/test_files/reportsi.dcm",
    ]
    out = {}
    for name in files:
        ds = pydicom.dcmread(DATA / name)
        items = list(walk(ds))
        record = {
            "items": len(items),
            "types": [i.get("ValueType", "REFERENCE") for i in items],  # an item by reference has none
            "numbers": [
                [i.ConceptNameCodeSequence[0].CodeValue, number(i.MeasuredValueSequence[0]), i.MeasuredValueSequence[0].MeasurementUnitsCodeSequence[0].CodeValue]
                for i in items
                if i.get("ValueType") == "NUM" and i.MeasuredValueSequence
            ],
        }
        if "multiple" in name or "sr-example" in name:
            try:
                content = hd.sr.srread(DATA / name).content
                record["groups"] = {
                    kind: [g.tracking_uid for g in getattr(content, f"get_{kind}_measurement_groups")()]
                    for kind in ("planar_roi", "volumetric_roi", "image")
                }
            except Exception as error:  # highdicom reads enhanced and comprehensive reports only
                record["refused"] = type(error).__name__
        out[name] = record
    return out


def electrocardiogram():
    name = "pydicom_dicom/test_files/waveform_ecg.dcm"
    ds = pydicom.dcmread(DATA / name)
    groups = []
    for i, item in enumerate(ds.WaveformSequence):
        array = ds.waveform_array(i)
        groups.append(
            {
                "rate": float(item.SamplingFrequency),
                "shape": list(array.shape),
                "names": [c.ChannelSourceSequence[0].CodeMeaning for c in item.ChannelDefinitionSequence],
                "units": [c.ChannelSensitivityUnitsSequence[0].CodeValue for c in item.ChannelDefinitionSequence],
                "sha256": [sha(array[:, c].astype("<f8")) for c in range(array.shape[1])],
            }
        )
    return {name: groups}


def structure_sets():
    out = {}
    for modality in ("CT", "MR_T1", "PET"):
        folder = DATA / "sts_sarcoma_3d/dicom/STS_002" / modality
        ds = pydicom.dcmread(folder / "mask" / "RS.dcm")
        mask = nibabel.load(DATA / f"sts_sarcoma_3d/nifti/STS_002/{modality}_mask.nii.gz")
        array = np.transpose(np.asarray(mask.dataobj), (2, 1, 0)) > 0  # slices, rows, columns
        out[modality] = {
            "rois": [r.ROIName for r in ds.StructureSetROISequence],
            "contours": [len(r.ContourSequence) for r in ds.ROIContourSequence],
            "maskShape": list(array.shape),
            "maskSum": int(array.sum()),
            "maskSha256": sha(array.astype(np.uint8)),
        }
    return out


def main():
    payload = {
        "segmentations": segmentations(),
        "reports": reports(),
        "electrocardiograms": electrocardiogram(),
        "structureSets": structure_sets(),
    }
    text = json.dumps(payload, separators=(",", ":"))
    record = {
        "maker": "scripts/peers/dicom_objects_data.py",
        "peer": f"highdicom {hd.__version__}, pydicom {pydicom.__version__}, nibabel {nibabel.__version__}",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    (ROOT / "data.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
