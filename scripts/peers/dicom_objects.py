"""Derived DICOM objects made by highdicom, rt-utils and pydicom, and the values these read from them.

Run: python scripts/peers/dicom_objects.py   (writes fixtures/dicom-objects/objects.zip and objects.json)
"""

import audioop
import hashlib
import io
import json
import pathlib
import warnings
import zipfile

import highdicom as hd
import numpy as np
import pydicom
import rt_utils
from dicom_objects_order import along_normal
from highdicom.sr.coding import CodedConcept
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.sr.codedict import codes
from pydicom.uid import (
    JPEG2000Lossless,
    JPEGLSLossless,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

warnings.simplefilter("ignore")
ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "dicom-objects"
ROWS, COLUMNS, SLICES = 34, 40, 6
RNG = np.random.default_rng(11)
ROOT_UID = "2.25.3141592653589793."
made = {}
expected = {}


def uid(number):
    return f"{ROOT_UID}{number}"


def sha(array):
    return hashlib.sha256(np.ascontiguousarray(array).tobytes()).hexdigest()


def source_series():
    """An oblique CT of six slices, 2.5 mm apart."""
    angle = np.deg2rad(20)
    row = np.array([np.cos(angle), np.sin(angle), 0])
    column = np.array([-np.sin(angle) * np.cos(0.3), np.cos(angle) * np.cos(0.3), np.sin(0.3)])
    normal = np.cross(row, column)
    series = []
    for i in range(SLICES):
        ds = Dataset()
        ds.file_meta = FileMetaDataset()
        ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        ds.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
        ds.SOPInstanceUID = uid(100 + i)
        ds.StudyInstanceUID, ds.SeriesInstanceUID, ds.FrameOfReferenceUID = uid(1), uid(2), uid(3)
        ds.PatientName, ds.PatientID, ds.PatientBirthDate, ds.PatientSex = "Object^Made", "P1", "", "O"
        ds.StudyDate, ds.StudyTime, ds.AccessionNumber, ds.StudyID = "20200102", "101112", "", "S1"
        ds.ReferringPhysicianName, ds.Modality, ds.Manufacturer = "", "CT", "Maker"
        ds.SeriesNumber, ds.InstanceNumber = 1, i + 1
        ds.PositionReferenceIndicator, ds.ImageType = "", ["ORIGINAL", "PRIMARY", "AXIAL"]
        ds.ImageOrientationPatient = [f"{v:.10f}" for v in (*row, *column)]
        ds.ImagePositionPatient = [f"{v:.8f}" for v in np.array([-20.0, -30, 40]) + normal * 2.5 * i]
        ds.PixelSpacing, ds.SliceThickness = [0.75, 0.5], 2.5
        ds.SamplesPerPixel, ds.PhotometricInterpretation = 1, "MONOCHROME2"
        ds.Rows, ds.Columns, ds.BitsAllocated, ds.BitsStored, ds.HighBit = ROWS, COLUMNS, 16, 12, 11
        ds.PixelRepresentation, ds.RescaleIntercept, ds.RescaleSlope = 0, -1024, 1
        ds.PixelData = RNG.integers(0, 4000, (ROWS, COLUMNS)).astype("<u2").tobytes()
        series.append(ds)
    return series


SERIES = source_series()
COMMON = dict(
    series_number=9,
    instance_number=1,
    manufacturer="Maker",
    manufacturer_model_name="Model",
    software_versions="1",
    device_serial_number="7",
)
COUNT = 1000


def identity():
    global COUNT
    COUNT += 2
    return dict(series_instance_uid=uid(COUNT), sop_instance_uid=uid(COUNT + 1), **COMMON)


def bytes_of(ds):
    out = io.BytesIO()
    ds.save_as(out, enforce_file_format=True)
    return out.getvalue()


def keep(name, ds):
    made[name] = bytes_of(ds)
    return pydicom.dcmread(io.BytesIO(made[name]))


def description(number, label, kind=codes.SCT.Organ, **more):
    return hd.seg.SegmentDescription(
        segment_number=number,
        segment_label=label,
        segmented_property_category=codes.SCT.Organ if kind is codes.SCT.Organ else codes.SCT.MorphologicallyAbnormalStructure,
        segmented_property_type=kind,
        algorithm_type="AUTOMATIC",
        algorithm_identification=hd.AlgorithmIdentificationSequence("net", codes.DCM.ArtificialIntelligence, "2"),
        tracking_uid=uid(500 + number),
        tracking_id=f"track {number}",
        **more,
    )


def colour(rgb):
    return hd.color.CIELabColor.from_rgb(*rgb)


def segments(extra=()):
    return [
        description(1, "Liver", codes.SCT.Liver, anatomic_regions=[codes.SCT.Abdomen], display_color=colour((221, 130, 101))),
        description(2, "Mass", codes.SCT.Neoplasm, display_color=colour((0, 200, 17))),
        *extra,
    ]


def describe_segmentation(name, data):
    """What highdicom reads: the sum over all of each segment and the affine, both in LPS and (slice, row, column)."""
    seg = hd.seg.segread(io.BytesIO(made[name]))
    record = {
        "type": seg.SegmentationType,
        "segments": [
            {
                "number": int(d.segment_number),
                "label": d.segment_label,
                "type": d.segmented_property_type.value,
                "trackingUid": d.tracking_uid,
                "rgb": [int(v) for v in hd.color.CIELabColor.from_dicom_value(d.RecommendedDisplayCIELabValue).to_rgb(clip=True)]
                if "RecommendedDisplayCIELabValue" in d
                else None,
            }
            for d in seg.SegmentSequence
        ],
    }
    volume = seg.get_volume(combine_segments=False, rescale_fractional=False)
    array, affine = along_normal(volume.array, volume.affine)
    if seg.SegmentationType == "LABELMAP":  # highdicom casts numbers above 255 when it takes segments apart
        combined = along_normal(seg.get_volume(combine_segments=True).array, volume.affine)[0]
        array = np.stack([combined == d.segment_number for d in seg.SegmentSequence if d.segment_number > 0], -1)
    record["most"] = int(seg.get("MaximumFractionalValue", 1))
    record["shape"] = list(array.shape)  # slices, rows, columns, segments
    record["affine"] = affine.tolist()  # of (slice, row, column)
    record["segmentSha256"] = [sha(array[..., i].astype(np.uint8)) for i in range(array.shape[-1])]
    record["segmentSums"] = [int(array[..., i].astype(np.int64).sum()) for i in range(array.shape[-1])]
    expected[name] = record


def segmentations():
    boxes = np.zeros((SLICES, ROWS, COLUMNS, 3), np.uint8)
    boxes[1:4, 2:7, 3:9, 0] = 1
    boxes[2:6, 5:11, 6:14, 1] = 1
    boxes[3, 0:3, 0:16, 2] = 1
    third = [description(3, "Third", codes.SCT.Cyst)]
    keep("seg-binary-overlap", hd.seg.Segmentation(SERIES, boxes, "BINARY", segments(third), **identity()))
    shuffled = hd.seg.Segmentation(SERIES, boxes, "BINARY", segments(third), **identity())
    order = RNG.permutation(int(shuffled.NumberOfFrames))
    frames = shuffled.pixel_array[order]
    shuffled.PerFrameFunctionalGroupsSequence = [shuffled.PerFrameFunctionalGroupsSequence[i] for i in order]
    shuffled.PixelData = pydicom.pixels.pack_bits(frames.ravel(), pad=True)
    keep("seg-binary-shuffled", shuffled)
    deflated = hd.seg.Segmentation(SERIES, boxes, "BINARY", segments(third), **identity())
    deflated.file_meta.TransferSyntaxUID = DeflatedExplicitVRLittleEndian
    keep("seg-binary-deflated", deflated)
    keep("seg-binary-implicit", hd.seg.Segmentation(SERIES, boxes, "BINARY", segments(third), transfer_syntax_uid=ImplicitVRLittleEndian, omit_empty_frames=False, **identity()))
    smooth = RNG.random((SLICES, ROWS, COLUMNS, 2)) * (RNG.random((SLICES, ROWS, COLUMNS, 2)) < 0.3)
    smooth[0] = 0
    smooth /= np.maximum(1, smooth.sum(-1, keepdims=True))
    keep("seg-probability-rle", hd.seg.Segmentation(SERIES, smooth, "FRACTIONAL", segments(), fractional_type="PROBABILITY", max_fractional_value=200, transfer_syntax_uid=RLELossless, **identity()))
    keep("seg-occupancy-jpeg2000", hd.seg.Segmentation(SERIES, smooth, "FRACTIONAL", segments(), fractional_type="OCCUPANCY", max_fractional_value=100, transfer_syntax_uid=JPEG2000Lossless, **identity()))
    labels = np.zeros((SLICES, ROWS, COLUMNS), np.uint8)
    labels[1:4, 2:7, 3:9] = 1
    labels[2:6, 5:11, 6:14] = 2
    for name, syntax in (("plain", ExplicitVRLittleEndian), ("rle", RLELossless), ("jpegls", JPEGLSLossless), ("jpeg2000", JPEG2000Lossless)):
        keep(f"seg-labelmap-{name}", hd.seg.Segmentation(SERIES, labels, "LABELMAP", segments(), transfer_syntax_uid=syntax, **identity()))
    wide = labels.astype(np.uint16)
    wide[labels == 2] = 300
    far = [segments()[0], description(300, "Far", codes.SCT.Neoplasm)]
    keep("seg-labelmap-16-rle", hd.seg.Segmentation(SERIES, wide, "LABELMAP", far, transfer_syntax_uid=RLELossless, **identity()))
    for name in list(made):
        if name.startswith("seg-"):
            describe_segmentation(name, labels)


def parametric_maps():
    def mapping(dtype, unit, slope=1.0, intercept=0.0, label="ADC"):
        wide = np.issubdtype(dtype, np.floating)
        return hd.pm.RealWorldValueMapping(
            lut_label=label,
            lut_explanation="a quantity",
            unit=unit,
            value_range=[0.0, 4000.0] if wide else [0, 4000],
            slope=slope,
            intercept=intercept,
            quantity_definition=codes.SCT.ApparentDiffusionCoefficient if hasattr(codes.SCT, "ApparentDiffusionCoefficient") else CodedConcept("113041", "DCM", "Apparent Diffusion Coefficient"),
        )

    unit = CodedConcept("um2/s", "UCUM", "um2/s")
    values = RNG.random((SLICES, ROWS, COLUMNS)) * 1000
    cases = {
        "pm-float": (values.astype(np.float32), ExplicitVRLittleEndian, {}),
        "pm-double": (values.astype(np.float64), ExplicitVRLittleEndian, {}),
        "pm-uint16-rle": (values.astype(np.uint16), RLELossless, dict(slope=0.5, intercept=-3.0)),
        "pm-uint8": ((values / 4).astype(np.uint8), ExplicitVRLittleEndian, dict(slope=2.0, intercept=1.0)),
    }
    for name, (array, syntax, how) in cases.items():
        ds = hd.pm.ParametricMap(
            SERIES,
            array,
            contains_recognizable_visual_features=False,
            real_world_value_mappings=[mapping(array.dtype, unit, **how)],
            window_center=500,
            window_width=1000,
            transfer_syntax_uid=syntax,
            **identity(),
        )
        keep(name, ds)
        back = hd.imread(io.BytesIO(made[name])).get_volume(apply_real_world_transform=True, dtype=np.float64)
        array, affine = along_normal(back.array, back.affine)
        expected[name] = {
            "shape": list(array.shape),
            "affine": affine.tolist(),
            "sha256": sha(array.astype("<f8")),
            "sha256Float32": sha(array.astype("<f4")),
            "first": array.ravel()[:8].tolist(),
            "unit": "um2/s",
        }
    two = np.stack([values.astype(np.float32), (values * 2).astype(np.float32)], -1)
    ds = hd.pm.ParametricMap(
        SERIES,
        two,
        contains_recognizable_visual_features=False,
        real_world_value_mappings=[[mapping(np.float32, unit, label="ADC")], [mapping(np.float32, codes.UCUM.NoUnits, label="FA")]],
        window_center=500,
        window_width=1000,
        **identity(),
    )
    keep("pm-two-quantities", ds)
    expected["pm-two-quantities"] = {"shape": [*values.shape, 2], "sha256": [sha(two[..., i].astype("<f4")) for i in (0, 1)], "units": ["um2/s", "1"]}


def presentation_states():
    ref = SERIES[:2]
    text = hd.pr.TextObject("a note", units="PIXEL", bounding_box=(1.0, 2.0, 8.0, 6.0))
    line = hd.pr.GraphicObject("POLYLINE", np.array([[1.5, 2.5], [7.0, 3.0], [9.0, 9.5]]), units="PIXEL", is_filled=False)
    circle = hd.pr.GraphicObject("CIRCLE", np.array([[5.0, 5.0], [5.0, 8.0]]), units="PIXEL")
    layer = hd.pr.GraphicLayer("LAYER1", order=1, description="marks", display_color=colour((255, 0, 0)))
    gsps = hd.pr.GrayscaleSoftcopyPresentationState(
        referenced_images=ref,
        content_label="STATE",
        content_description="a state",
        concept_name=codes.DCM.ImpressionDescription if hasattr(codes.DCM, "ImpressionDescription") else None,
        graphic_layers=[layer],
        graphic_annotations=[hd.pr.GraphicAnnotation(ref[:1], layer, graphic_objects=[line, circle], text_objects=[text])],
        voi_lut_transformations=[
            hd.pr.SoftcopyVOILUTTransformation(40.0, 400.0, window_explanation="abdomen", referenced_images=hd.ReferencedImageSequence([ref[0]])),
            hd.pr.SoftcopyVOILUTTransformation(-500.0, 1500.0, window_explanation="lung", voi_lut_function="SIGMOID", referenced_images=hd.ReferencedImageSequence([ref[1]])),
        ],
        **identity(),
    )
    back = keep("gsps", gsps)
    expected["gsps"] = {
        "windows": [[float(i.WindowCenter), float(i.WindowWidth)] for i in back.SoftcopyVOILUTSequence],
        "images": [i.ReferencedSOPInstanceUID for s in back.ReferencedSeriesSequence for i in s.ReferencedImageSequence],
        "line": [float(v) for v in back.GraphicAnnotationSequence[0].GraphicObjectSequence[0].GraphicData],
        "kinds": [g.GraphicType for g in back.GraphicAnnotationSequence[0].GraphicObjectSequence],
        "text": back.GraphicAnnotationSequence[0].TextObjectSequence[0].UnformattedTextValue,
    }


def reports():
    sr = hd.sr
    person = sr.ObserverContext(codes.DCM.Person, sr.PersonObserverIdentifyingAttributes(name="Reader^One"))
    device = sr.ObserverContext(codes.DCM.Device, sr.DeviceObserverIdentifyingAttributes(uid=uid(900), name="finder"))
    context = sr.ObservationContext(observer_person_context=person, observer_device_context=device)

    def measure(name, value, unit, **more):
        return sr.Measurement(name=name, value=value, unit=unit, **more)

    region2d = sr.ImageRegion("POLYLINE", np.array([[2.0, 2.0], [8.0, 2.0], [8.0, 6.5], [2.0, 2.0]]), sr.SourceImageForRegion(SERIES[1].SOPClassUID, SERIES[1].SOPInstanceUID))
    corners = np.array([[1.0, 2, 3], [4, 2, 3], [4, 5, 3], [1, 2, 3]])
    region3d = sr.ImageRegion3D("POLYGON", corners, uid(3))
    planar = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid(901), "lesion 1"),
        referenced_region=region2d,
        finding_type=codes.SCT.Neoplasm,
        finding_category=codes.SCT.MorphologicallyAbnormalStructure,
        finding_sites=[sr.FindingSite(codes.SCT.Liver, laterality=codes.SCT.Right)],
        measurements=[
            measure(codes.SCT.Area, 27.5, codes.UCUM.SquareMillimeter),
            measure(codes.SCT.Diameter, 12.25, codes.UCUM.Millimeter, derivation=codes.SCT.Maximum),
            measure(codes.SCT.Length, 0.0, codes.UCUM.Millimeter, qualifier=codes.DCM.NotANumber),
        ],
        qualitative_evaluations=[sr.QualitativeEvaluation(CodedConcept("112058", "DCM", "Calcium score"), codes.SCT.Absent if hasattr(codes.SCT, "Absent") else CodedConcept("2667000", "SCT", "Absent"))],
    )
    volumetric = sr.VolumetricROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid(902), "lesion 2"),
        referenced_segment=sr.ReferencedSegment(
            "1.2.840.10008.5.1.4.1.1.66.4",
            uid(903),
            2,
            source_images=[sr.SourceImageForSegmentation(s.SOPClassUID, s.SOPInstanceUID) for s in SERIES[:3]],
        ),
        finding_type=codes.SCT.Cyst,
        measurements=[measure(codes.SCT.Volume, 1234.5678, codes.UCUM.CubicMillimeter)],
    )
    three_d = sr.PlanarROIMeasurementsAndQualitativeEvaluations(
        tracking_identifier=sr.TrackingIdentifier(uid(904), "lesion 3"),
        referenced_region=region3d,
        finding_type=codes.SCT.Neoplasm,
    )
    report = sr.MeasurementReport(
        observation_context=context,
        procedure_reported=codes.LN.CTUnspecifiedBodyRegion,
        imaging_measurements=[planar, volumetric, three_d],
        title=codes.DCM.ImagingMeasurementReport,
    )
    seg = pydicom.dcmread(io.BytesIO(made["seg-binary-overlap"]))
    seg.SOPInstanceUID = uid(903)
    ds = sr.Comprehensive3DSR(evidence=[*SERIES, seg], content=report, institution_name=None, **identity())
    back = keep("sr-measurements", ds)
    content = sr.MeasurementReport.from_sequence([back]) if False else sr.srread(io.BytesIO(made["sr-measurements"])).content
    groups = []
    for kind in ("planar", "volumetric"):
        for group in getattr(content, f"get_{kind}_roi_measurement_groups")():
            groups.append(
                {
                    "kind": kind,
                    "trackingId": group.tracking_identifier,
                    "trackingUid": group.tracking_uid,
                    "finding": group.finding_type.value,
                    "category": group.finding_category.value if group.finding_category else None,
                    "sites": [s.topographical_modifier.value if s.topographical_modifier else s.value.value for s in group.finding_sites],
                    "measurements": [[m.name.value, m.value, m.unit.value] for m in group.get_measurements()],
                    "evaluations": [[q.name.value, q.value.value] for q in group.get_qualitative_evaluations() if q.name.value != "276214006"],
                }
            )
    expected["sr-measurements"] = {"groups": groups, "items": sum(1 for _ in walk(back))}


def walk(item):
    for child in item.get("ContentSequence", []):
        yield child
        yield from walk(child)


def structure_sets():
    """rt-utils on an axial series: what it writes, and the mask that it reads back."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        for i, source in enumerate(SERIES):
            ds = pydicom.dcmread(io.BytesIO(bytes_of(source)))
            ds.ImageOrientationPatient = [1, 0, 0, 0, 1, 0]
            ds.ImagePositionPatient = [-20, -30, 40 + 2.5 * i]
            ds.PixelSpacing = [0.75, 0.75]
            ds.Rows = ds.Columns = 48
            ds.PixelData = np.zeros((48, 48), "<u2").tobytes()
            ds.SliceLocation = 40 + 2.5 * i
            ds.SOPInstanceUID = uid(200 + i)
            ds.SeriesInstanceUID = uid(4)
            ds.save_as(pathlib.Path(folder) / f"{i}.dcm", enforce_file_format=True)
        structure = rt_utils.RTStructBuilder.create_new(dicom_series_path=folder)
        y, x = np.mgrid[:48, :48]
        ring = ((x - 24) ** 2 + (y - 22) ** 2 < 18**2) & ~((x - 26) ** 2 + (y - 24) ** 2 < 7**2)
        blobs = ((x - 12) ** 2 + (y - 12) ** 2 < 36) | ((x - 36) ** 2 + (y - 30) ** 2 < 50)
        mask = np.zeros((48, 48, SLICES), bool)
        mask[..., 1:5] = ring[..., None]
        two = np.zeros((48, 48, SLICES), bool)
        two[..., 2:4] = blobs[..., None]
        structure.add_roi(mask=mask, color=[255, 10, 20], name="ring", use_pin_hole=False)
        structure.add_roi(mask=mask, color=[1, 2, 3], name="ring with channel", use_pin_hole=True)
        structure.add_roi(mask=two, color=[9, 200, 20], name="two blobs")
        back = keep("rtstruct", structure.ds)
        path = pathlib.Path(folder) / "rs.dcm"
        path.write_bytes(made["rtstruct"])
        again = rt_utils.RTStructBuilder.create_from(dicom_series_path=folder, rt_struct_path=str(path))
        names = again.get_roi_names()
        masks = {name: np.moveaxis(again.get_roi_mask_by_name(name), -1, 0) for name in names}
    expected["rtstruct"] = {
        "names": names,
        "colours": [[int(v) for v in r.ROIDisplayColor] for r in back.ROIContourSequence],
        "contours": [len(r.ContourSequence) for r in back.ROIContourSequence],
        "shape": [SLICES, 48, 48],
        "spacing": [0.75, 0.75, 2.5],
        "origin": [-20, -30, 40],
        "drawn": {"ring": int(mask.sum()), "two blobs": int(two.sum())},
        # rt-utils fills with OpenCV, which adds the border's pixels; kept as bits
        "masks": {name: np.packbits(m.astype(np.uint8).ravel()).tobytes().hex() for name, m in masks.items()},
    }


def waveform(name, groups, sop="1.2.840.10008.5.1.4.1.1.9.1.2"):
    ds = Dataset()
    ds.file_meta = FileMetaDataset()
    ds.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    ds.SOPClassUID, ds.SOPInstanceUID = sop, uid(5000 + len(made))
    ds.StudyInstanceUID, ds.SeriesInstanceUID = uid(1), uid(6)
    ds.PatientName, ds.PatientID, ds.Modality = "Object^Made", "P1", "ECG"
    ds.AcquisitionDateTime = "20200102101112"
    items = []
    for group in groups:
        item = Dataset()
        item.MultiplexGroupTimeOffset = group.get("offset", 0)
        item.WaveformOriginality = "ORIGINAL"
        item.NumberOfWaveformChannels = len(group["channels"])
        item.NumberOfWaveformSamples = group["samples"].shape[0]
        item.SamplingFrequency = group["rate"]
        item.ChannelDefinitionSequence = []
        for label, unit, sensitivity, correction, baseline in group["channels"]:
            channel = Dataset()
            channel.ChannelLabel = label
            source = Dataset()
            source.CodeValue, source.CodingSchemeDesignator, source.CodeMeaning = "5.6.3-9-1", "SCPECG", label
            channel.ChannelSourceSequence = [source]
            if unit is not None:
                units = Dataset()
                units.CodeValue, units.CodingSchemeDesignator, units.CodeMeaning = unit, "UCUM", unit
                channel.ChannelSensitivity = sensitivity
                channel.ChannelSensitivityUnitsSequence = [units]
                channel.ChannelSensitivityCorrectionFactor = correction
                channel.ChannelBaseline = baseline
            channel.WaveformBitsStored = group["bits"]
            item.ChannelDefinitionSequence.append(channel)
        item.WaveformBitsAllocated = group["bits"]
        item.WaveformSampleInterpretation = group["kind"]
        if "padding" in group:
            item.add_new(0x5400100A, "OW" if group["bits"] > 8 else "OB", group["padding"])
        item.add_new(0x54001010, "OW" if group["bits"] > 8 else "OB", group["samples"].tobytes())
        items.append(item)
    ds.WaveformSequence = items
    return keep(name, ds)


def waveforms():
    t = np.arange(200)
    leads = np.stack([(1000 * np.sin(t / 9 + p)).astype("<i2") for p in (0, 1, 2)], 1)
    leads[50:53, 1] = -32768
    small = RNG.integers(-128, 128, (100, 2)).astype(np.int8)
    ds = waveform(
        "ecg-linear",
        [
            dict(samples=leads, rate=500, kind="SS", bits=16, padding=b"\x00\x80", channels=[("I", "uV", 2.5, 1.0, 0.0), ("II", "uV", 2.5, 0.5, 10.0), ("III", "mV", 0.005, 1.0, -1.0)]),
            dict(samples=small, rate=250, kind="SB", bits=8, offset=100, channels=[("A", "mmHg", 0.5, 1.0, 20.0), ("B", None, 0, 0, 0)]),
        ],
    )
    groups = []
    for i in range(2):
        array = ds.waveform_array(i)
        groups.append({"sha256": [sha(array[:, c].astype("<f8")) for c in range(array.shape[1])], "first": array[:4].tolist()})
    expected["ecg-linear"] = {"groups": groups, "padded": [50, 53]}
    codes8 = np.arange(256, dtype=np.uint8)
    companded = np.stack([codes8, codes8[::-1]], 1)
    waveform("ecg-mu-law", [dict(samples=companded, rate=8000, kind="MB", bits=8, channels=[("x", "mV", 1.0, 1.0, 0.0), ("y", "mV", 1.0, 1.0, 0.0)])])
    waveform("ecg-a-law", [dict(samples=companded, rate=8000, kind="AB", bits=8, channels=[("x", "mV", 1.0, 1.0, 0.0), ("y", "mV", 1.0, 1.0, 0.0)])])
    raw = codes8.tobytes()
    expected["ecg-mu-law"] = {"values": np.frombuffer(audioop.ulaw2lin(raw, 2), "<i2").tolist()}
    expected["ecg-a-law"] = {"values": np.frombuffer(audioop.alaw2lin(raw, 2), "<i2").tolist()}


def dcmqi():
    """dcmqi's own segmentation and parametric map of the series."""
    import subprocess
    import sys
    import tempfile

    import nrrd

    programs = pathlib.Path(sys.executable).parent
    first = SERIES[0]
    row, column = (np.array([float(v) for v in first.ImageOrientationPatient[i : i + 3]]) for i in (0, 3))
    directions = np.stack([row * 0.5, column * 0.75, np.cross(row, column) * 2.5])
    header = {"space": "left-posterior-superior", "space directions": directions, "space origin": [float(v) for v in first.ImagePositionPatient]}
    labels = np.zeros((SLICES, ROWS, COLUMNS), np.int16)
    labels[1:4, 2:20, 3:19] = 1
    labels[2:6, 20:30, 16:34] = 2
    values = (RNG.random((SLICES, ROWS, COLUMNS)) * 100).astype(np.float32)

    def coded(value, scheme, meaning):
        return {"CodeValue": value, "CodingSchemeDesignator": scheme, "CodeMeaning": meaning}

    def segment(number, label, rgb):
        return {
            "labelID": number,
            "SegmentDescription": label,
            "SegmentLabel": label,
            "SegmentAlgorithmType": "AUTOMATIC",
            "SegmentAlgorithmName": "net",
            "SegmentedPropertyCategoryCodeSequence": coded("91723000", "SCT", "Anatomical Structure"),
            "SegmentedPropertyTypeCodeSequence": coded("10200004", "SCT", "Liver"),
            "recommendedDisplayRGBValue": rgb,
        }

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "series").mkdir()
        for i, source in enumerate(SERIES):
            (folder / "series" / f"{i}.dcm").write_bytes(bytes_of(source))
        common = {"SeriesDescription": "made", "SeriesNumber": "300", "InstanceNumber": "1", "BodyPartExamined": "", "ClinicalTrialSeriesID": "", "ClinicalTrialTimePointID": "1"}
        seg = {**common, "ContentCreatorName": "Maker", "segmentAttributes": [[segment(1, "one", [200, 30, 40]), segment(2, "two", [20, 130, 240])]]}
        pm = {
            **common,
            "MeasurementUnitsCode": coded("um2/s", "UCUM", "um2/s"),
            "QuantityValueCode": coded("113041", "DCM", "Apparent Diffusion Coefficient"),
            "RealWorldValueSlope": 1,
            "AnatomicRegionSequence": coded("10200004", "SCT", "Liver"),
            "FrameLaterality": "U",
            "DerivedPixelContrast": "ADC",
            "DerivationCode": coded("112187", "DCM", "Unspecified method of calculation"),
        }
        for kind, array, meta in (("seg", labels, seg), ("pm", values, pm)):
            nrrd.write(str(folder / f"{kind}.nrrd"), np.transpose(array), header)
            (folder / f"{kind}.json").write_text(json.dumps(meta))
        run = lambda *words: subprocess.run([str(w) for w in words], check=True, stdout=subprocess.DEVNULL)
        run(programs / "itkimage2segimage", "--inputImageList", folder / "seg.nrrd", "--inputMetadata", folder / "seg.json", "--inputDICOMDirectory", folder / "series", "--outputDICOM", folder / "seg.dcm")
        run(programs / "itkimage2paramap", "--inputImage", folder / "pm.nrrd", "--inputMetadata", folder / "pm.json", "--inputDICOMDirectory", folder / "series", "--outputDICOM", folder / "pm.dcm")
        for kind in ("seg", "pm"):
            made[f"dcmqi-{kind}"] = (folder / f"{kind}.dcm").read_bytes()
    expected["dcmqi-seg"] = {"shape": list(labels.shape), "sha256": sha(labels.astype(np.uint8)), "rgb": [[200, 30, 40], [20, 130, 240]]}
    expected["dcmqi-pm"] = {"shape": list(values.shape), "sha256": sha(values.astype("<f4")), "unit": "um2/s"}


def colours():
    rows = []
    for _ in range(40):
        rgb = [int(v) for v in RNG.integers(0, 256, 3)]
        lab = hd.color.CIELabColor.from_rgb(*rgb)
        rows.append({"rgb": rgb, "lab": [int(v) for v in lab.value], "back": [int(v) for v in lab.to_rgb(clip=True)]})
    expected["colours"] = rows


def main():
    for i, source in enumerate(SERIES):
        made[f"source-{i}"] = bytes_of(source)
    segmentations()
    parametric_maps()
    presentation_states()
    reports()
    structure_sets()
    waveforms()
    colours()
    dcmqi()
    ROOT.mkdir(parents=True, exist_ok=True)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as out:
        for name, data in made.items():
            out.writestr(zipfile.ZipInfo(f"{name}.dcm", (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    (ROOT / "objects.zip").write_bytes(archive.getvalue())
    text = json.dumps(expected, separators=(",", ":"))
    record = {
        "maker": "scripts/peers/dicom_objects.py",
        "peer": f"highdicom {hd.__version__}, pydicom {pydicom.__version__}, rt-utils 1.2.7, dcmqi 1.5.7",
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "objects": hashlib.sha256(archive.getvalue()).hexdigest(),
        "payload": expected,
    }
    (ROOT / "objects.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
