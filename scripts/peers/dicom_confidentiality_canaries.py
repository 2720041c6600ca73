"""A data set seeded with strings that must not survive, for the tests of de-identification.

Run: python scripts/peers/dicom_confidentiality_canaries.py   (writes fixtures/deidentification/canaries.zip)

Every attribute of PS3.15 table E.1-1 (from fixtures/deidentification/table.json) holds the canary, and so do private
elements, nested sequences, overlays, curves, padding, preambles, meta groups, file names, every character set, and
the other encodings. manifest.json in the archive lists the strings and what each file is for.
"""

import hashlib
import io
import json
import pathlib
import struct
import tempfile
import zipfile

import numpy as np
import pydicom
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset, FileDataset, FileMetaDataset
from pydicom.datadict import dictionary_VR, keyword_for_tag
from pydicom.fileset import FileSet
from pydicom.sequence import Sequence
from pydicom.uid import (
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
    RLELossless,
)

ROOT = pathlib.Path(__file__).resolve().parents[2] / "fixtures" / "deidentification"
WORD = "QUETZALCOATL"
DATE = "19770704"
UID_ROOT = "1.2.826.0.1.3680043.770704"
pydicom.config.settings.writing_validation_mode = pydicom.config.IGNORE
pydicom.config.settings.reading_validation_mode = pydicom.config.IGNORE

NAMES = {
    "ISO_IR 100": "Buçard^Jérôme",
    "ISO_IR 101": "Wałęsowicz^Łukasz",
    "ISO_IR 109": "Ĉapelisto^Ĵomarto",
    "ISO_IR 110": "Ģērmanis^Ķēniņš",
    "ISO_IR 144": "Люкceмбypгова^Ирина",
    "ISO_IR 127": "قباني^لنزارمحمد",
    "ISO_IR 126": "Διονυσιος^Παπαδοπουλος",
    "ISO_IR 138": "שרוןברג^דבורהלה",
    "ISO_IR 148": "Çavuşoğlu^Şükrüye",
    "ISO_IR 166": "นามสกุลไทย^ชื่อต้นสมชาย",
    "ISO_IR 13": "ﾔﾏﾀﾞﾔﾏﾀﾞ^ﾀﾛｳﾀﾛｳ",
    "ISO_IR 192": "Wáng^Xiǎodōng=王小东^东小王=",
    "GB18030": "Zhangsan^Liming=张三丰^黎明晓=",
    "GBK": "Wangwusan^Zhaoliu=王五月^赵六天=",
    "\\ISO 2022 IR 87": "Yamadasan^Tarousan=山田三郎^太郎次郎=やまだ^たろう",
    "ISO 2022 IR 13\\ISO 2022 IR 87": "ｽｽﾞｷｽｽﾞｷ^ﾊﾅｺﾊﾅｺ=鈴木花代^花子一郎=すずき^はなこ",
    "\\ISO 2022 IR 149": "Hongsan^Gildongsan=洪吉童傳^吉洞許筠=홍길동전^길동허균",
    "\\ISO 2022 IR 58": "Zhangsan^Liming=张三丰登^黎明晓月=",
    "\\ISO 2022 IR 144": "Petrovich=Люкceмбypгова^Ирина=",
}

VALUES = {
    "AE": WORD, "AS": "077Y", "CS": WORD, "DA": DATE, "DS": "7.70704e3", "DT": DATE + "112233.123456+0200",
    "IS": "770704", "LO": f"{WORD} chest", "LT": f"free text of {WORD}\r\nborn 1977-07-04", "PN": f"{WORD}^XOCHITL",
    "SH": WORD, "ST": f"ward of {WORD}", "TM": "112233", "UC": f"{WORD} unlimited", "UI": UID_ROOT + ".5",
    "UR": f"http://{WORD}.example/", "UT": f"unlimited text of {WORD}, 04.07.1977",
}  # fmt: skip


def value_of(vr, tag):
    vr = vr.split(" or ")[0]
    if vr == "SQ":
        item = Dataset()
        item.CodeValue = WORD
        item.CodingSchemeDesignator = "99" + WORD
        item.CodeMeaning = f"meaning of {WORD}"
        item.PersonName = f"{WORD}^NESTED"
        item.InstitutionName = WORD
        item.TextValue = f"text of {WORD}"
        item.ReferencedSOPInstanceUID = UID_ROOT + ".6"
        return Sequence([item])
    if vr in VALUES:
        return VALUES[vr]
    if vr in ("OB", "OW", "UN", "OF", "OD", "OL", "OV"):
        return (f"{WORD} in bytes   ").encode().ljust(32)
    if vr == "AT":
        return 0x00100010
    return 77 if vr in ("US", "UL", "UV", "SS", "SL", "SV") else 77.0


def image(name, syntax=ExplicitVRLittleEndian, patient=None, sop="1.2.840.10008.5.1.4.1.1.2"):
    ds = Dataset()
    ds.SOPClassUID = sop
    number = int(hashlib.sha256(name.encode()).hexdigest()[:8], 16)
    ds.SOPInstanceUID = f"{UID_ROOT}.1.{number}"
    ds.StudyInstanceUID = f"{UID_ROOT}.2"
    ds.SeriesInstanceUID = f"{UID_ROOT}.3"
    ds.FrameOfReferenceUID = f"{UID_ROOT}.4"
    ds.Modality = "CT"
    ds.PatientName = patient or "SOMEBODY^ELSE"
    ds.PatientID = "OTHER-77"
    ds.StudyDate = DATE
    ds.StudyTime = "112233"
    ds.Rows = ds.Columns = 8
    ds.SamplesPerPixel = 1
    ds.PhotometricInterpretation = "MONOCHROME2"
    ds.BitsAllocated = 16
    ds.BitsStored = 12
    ds.HighBit = 11
    ds.PixelRepresentation = 0
    ds.PixelData = np.arange(64, dtype="<u2").tobytes() if syntax != ExplicitVRBigEndian else np.arange(64, dtype=">u2").tobytes()
    ds["PixelData"].VR = "OW"
    return ds


def to_bytes(ds, syntax=ExplicitVRLittleEndian, preamble=None, more_meta=True):
    meta = FileMetaDataset()
    meta.TransferSyntaxUID = syntax
    meta.MediaStorageSOPClassUID = ds.SOPClassUID
    meta.MediaStorageSOPInstanceUID = ds.SOPInstanceUID
    meta.ImplementationClassUID = UID_ROOT + ".9"
    if more_meta:
        meta.ImplementationVersionName = WORD
        meta.SourceApplicationEntityTitle = WORD
        meta.SendingApplicationEntityTitle = WORD
        meta.ReceivingApplicationEntityTitle = WORD
        meta.SourcePresentationAddress = f"http://{WORD}.example"
        meta.PrivateInformationCreatorUID = UID_ROOT + ".10"
        meta.PrivateInformation = f"{WORD} private ".encode()
    file = FileDataset(None, ds, file_meta=meta, preamble=preamble or (f"II*\0{WORD} preamble ".encode()).ljust(128, b"."))
    buffer = io.BytesIO()
    pydicom.dcmwrite(buffer, file, enforce_file_format=True, implicit_vr=syntax == ImplicitVRLittleEndian, little_endian=syntax != ExplicitVRBigEndian)
    return buffer.getvalue()


def whole_table(patient, syntax=ExplicitVRLittleEndian):
    """Every attribute of the table that may stand in a data set."""
    rows = json.loads((ROOT / "table.json").read_text())["payload"]
    ds = image("table" + patient + syntax, syntax, patient)
    for digits, vr, *_ in rows:
        tag = int(digits, 16)
        skipped = {0x00080018, 0x00100010, 0x00420011, 0x0020000D, 0x0020000E, 0xFFFAFFFA}
        if tag >> 16 < 8 or tag in skipped:
            continue
        ds.add_new(tag, vr.split(" or ")[0] or "LO", value_of(vr or "LO", tag))
    return ds


def other_texts():
    """Free text, names, titles and addresses that the table does not name; values that their VR does not allow."""
    ds = image("other texts")
    for keyword in ["SecondaryReviewerName", "EvaluatorName", "DocumentTitle", "IndicationDescription", "SegmentDescription",
                    "MaterialNotes", "CalculationComment", "TrackingID", "StrainDescription", "RetrieveURL", "RetrieveURI",
                    "InterventionDescription", "ExpiryDate", "SecondaryReviewDate", "AlgorithmParameters", "SetupImageComment",
                    "ContactURI", "LocalNamespaceEntityID", "PartialViewDescription", "MaskOperationExplanation"]:  # fmt: skip
        tag = pydicom.tag.Tag(keyword)
        ds.add_new(tag, dictionary_VR(tag), value_of(dictionary_VR(tag), tag))
    for keyword, vr, raw in [("SliceThickness", "DS", WORD), ("SeriesNumber", "IS", WORD), ("BodyPartExamined", "CS", f"CHEST\0{WORD}"),
                             ("PatientSex", "CS", f"M\0{WORD}"), ("KVP", "DS", f"120 \0{WORD}"), ("ReferencedColorPaletteInstanceUID", "UI", UID_ROOT + ".77")]:  # fmt: skip
        value = raw.encode() + b" " * (len(raw) % 2)
        tag = pydicom.tag.Tag(keyword)
        ds[tag] = RawDataElement(tag, vr, len(value), value, 0, False, True)
    ds.add_new(0x00090002, "UN", f"{WORD} without creator".encode())
    ds.add_new(0x00081399, "UN", f"{WORD} in an unknown public element ".encode())
    ds.add_new(0x00181400, "UN", f"{WORD} as unknown".encode())
    ds.add_new(0xFFFCFFFC, "OB", f"{WORD} trailing padding ".encode().ljust(64, b"\0"))
    ds.PixelData = ds.PixelData + f"{WORD} behind the image ".encode()
    return ds


def private():
    ds = image("private")
    for group in (0x0009, 0x0019, 0x0029, 0x7FE1):
        block = ds.private_block(group, f"{WORD} HEADER", create=True)
        for i, vr in enumerate(["LO", "PN", "SH", "LT", "ST", "UT", "UC", "UR", "CS", "AE", "DA", "DT", "UI", "OB", "UN", "SQ"]):
            block.add_new(0x10 + i, vr, value_of(vr, 0))
    known = ds.private_block(0x0019, "SIEMENS MR HEADER", create=True)
    known.add_new(0x0C, "IS", "1000")
    known.add_new(0x08, "CS", WORD)
    csa = ds.private_block(0x0029, "SIEMENS CSA HEADER", create=True)
    csa.add_new(0x10, "OB", (f"SV10....{WORD}").encode().ljust(64, b"\0"))
    return ds


def nested():
    ds = image("nested")
    deepest = whole_table("SOMEBODY^ELSE")
    del deepest.PixelData
    for depth in range(6):
        outer = Dataset()
        outer.CodeMeaning = "Chest"
        outer.CodeValue = "51185008"
        outer.CodingSchemeDesignator = "SCT"
        outer.PersonName = f"{WORD}^{depth}"
        outer.AnatomicRegionSequence = Sequence([deepest])
        block = outer.private_block(0x0011, WORD, create=True)
        block.add_new(1, "LO", WORD)
        deepest = outer
    ds.AnatomicRegionSequence = Sequence([deepest])
    ds["AnatomicRegionSequence"].is_undefined_length = True
    return ds


def overlays():
    ds = image("overlays")
    for group in (0x6000, 0x6002, 0x601E):
        ds.add_new((group, 0x0010), "US", 8)
        ds.add_new((group, 0x0011), "US", 8)
        ds.add_new((group, 0x0022), "LO", WORD)
        ds.add_new((group, 0x0040), "CS", "G")
        ds.add_new((group, 0x0050), "SS", [1, 1])
        ds.add_new((group, 0x1500), "LO", WORD)
        ds.add_new((group, 0x3000), "OW", f"{WORD} overlay ".encode().ljust(32))
        ds.add_new((group, 0x4000), "LT", WORD)
    for group in (0x5000, 0x501E):
        ds.add_new((group, 0x0022), "LO", WORD)
        ds.add_new((group, 0x0030), "SH", WORD)
        ds.add_new((group, 0x3000), "OW", f"{WORD} curve ".encode().ljust(32))
    return ds


def named(character_set, name, i):
    patient = name
    ds = image(f"character set {i}", patient="x")
    ds.SpecificCharacterSet = character_set.split("\\")
    ds.PatientName = patient
    ds.PatientID = f"CS-{i:04d}"
    words = max(name.replace("=", "^").split("^"), key=len)
    ds.ImageComments = f"comment on {words}"
    ds.SegmentDescription = f"free text of {words}"
    ds.ManufacturerModelName = f"{words} 64"
    item = Dataset()
    item.PatientName = patient
    item.RequestedProcedureDescription = words
    ds.RequestAttributesSequence = Sequence([item])
    return ds


def doubled():
    """A sequence whose item holds an attribute twice, and the data set, too; pydicom does not write such files."""
    ds = image("doubled")
    item = b"".join(struct.pack("<HH2sH", 0x0008, 0x0104, b"LO", len(text)) + text for text in [WORD.encode(), b"Chest "])
    body = struct.pack("<HHI", 0xFFFE, 0xE000, len(item)) + item
    sequence = struct.pack("<HH2sHI", 0x0008, 0x2218, b"SQ", 0, len(body)) + body
    twice = b"".join(struct.pack("<HH2sH", 0x0008, 0x0070, b"LO", len(text)) + text for text in [WORD.encode(), b"Maker "])
    whole = to_bytes(ds)
    at = whole.index(struct.pack("<HH2s", 0x0010, 0x0010, b"PN"))
    return whole[:at] + twice + sequence + whole[at:]


def report():
    ds = image("report", sop="1.2.840.10008.5.1.4.1.1.88.22")
    for keyword in ["Rows", "Columns", "PixelData", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit", "PixelRepresentation"]:
        del ds[keyword]
    ds.Modality = "SR"
    ds.ValueType = "CONTAINER"
    items = []
    for kind, keyword in [("TEXT", "TextValue"), ("PNAME", "PersonName"), ("DATE", "Date"), ("DATETIME", "DateTime"), ("UIDREF", "UID")]:
        item = Dataset()
        item.RelationshipType = "CONTAINS"
        item.ValueType = kind
        tag = pydicom.tag.Tag(keyword)
        setattr(item, keyword, value_of(dictionary_VR(tag), tag))
        concept = Dataset()
        concept.CodeValue, concept.CodingSchemeDesignator, concept.CodeMeaning = WORD, "99" + WORD, WORD
        item.ConceptNameCodeSequence = Sequence([concept])
        items.append(item)
    items[0].ContentSequence = Sequence([Dataset(), Dataset()])
    items[0].ContentSequence[0].TextValue = WORD
    ds.ContentSequence = Sequence(items)
    ds.VerifyingObserverSequence = value_of("SQ", 0)
    return ds


def presentation():
    ds = image("presentation", sop="1.2.840.10008.5.1.4.1.1.11.1")
    del ds.PixelData
    text = Dataset()
    text.UnformattedTextValue = f"{WORD} with an arrow"
    text.AnchorPoint = [1.0, 1.0]
    graphic = Dataset()
    graphic.GraphicLayer = "A"
    graphic.TextObjectSequence = Sequence([text])
    ds.GraphicAnnotationSequence = Sequence([graphic])
    ds.PresentationCreationDate = DATE
    return ds


def directory():
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "source"
        source.mkdir()
        ds = image("directory", patient=f"{WORD}^XOCHITL")
        ds.StudyID, ds.SeriesNumber, ds.InstanceNumber, ds.AccessionNumber = WORD, 1, 1, WORD
        (source / "a").write_bytes(to_bytes(ds))
        files = FileSet()
        files.add(source / "a")
        files.ID = WORD
        files.write(pathlib.Path(folder) / "set")
        found = {}
        for path in sorted((pathlib.Path(folder) / "set").rglob("*")):
            if path.is_file():
                found[str(path.relative_to(pathlib.Path(folder) / "set"))] = path.read_bytes()
        return found


def files():
    folder = f"{WORD} Xochitl 04.07.1977"
    yield f"{folder}/table.dcm", to_bytes(whole_table("SOMEBODY^ELSE")), "written"
    yield f"{folder}/table-of-{WORD}.dcm", to_bytes(whole_table(f"{WORD}^XOCHITL")), "written"
    yield f"{folder}/implicit.dcm", to_bytes(whole_table("A^B", ImplicitVRLittleEndian), ImplicitVRLittleEndian), "written"
    yield f"{folder}/big.dcm", to_bytes(whole_table("A^B", ExplicitVRBigEndian), ExplicitVRBigEndian), "written"
    yield f"{folder}/deflated.dcm", to_bytes(whole_table("A^B", DeflatedExplicitVRLittleEndian), DeflatedExplicitVRLittleEndian), "written"
    rle = FileDataset(None, image("rle", patient=f"{WORD}^RLE"), file_meta=FileMetaDataset())
    rle.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    rle.compress(RLELossless, generate_instance_uid=False)
    yield f"{folder}/rle.dcm", to_bytes(rle, RLELossless), "written"
    yield f"{folder}/other-texts.dcm", to_bytes(other_texts()), "written"
    yield f"{folder}/private.dcm", to_bytes(private()), "written"
    yield f"{folder}/nested.dcm", to_bytes(nested()), "written"
    yield f"{folder}/nested-implicit.dcm", to_bytes(nested(), ImplicitVRLittleEndian), "alike"
    yield f"{folder}/overlays.dcm", to_bytes(overlays()), "written"
    yield f"{folder}/doubled.dcm", doubled(), "written"
    yield f"{folder}/report.dcm", to_bytes(report()), "written"
    yield f"{folder}/presentation.dcm", to_bytes(presentation()), "written"
    bare = to_bytes(image("bare", ImplicitVRLittleEndian, f"{WORD}^BARE"), ImplicitVRLittleEndian)
    start = bare.index(struct.pack("<HH", 0x0008, 0x0016))
    yield f"{folder}/without-meta", bare[start:], "written"
    for i, (character_set, name) in enumerate(NAMES.items()):
        yield f"{folder}/character-sets/{i}.dcm", to_bytes(named(character_set, name, i)), "written"
    capture = image("capture", sop="1.2.840.10008.5.1.4.1.1.7")
    yield f"{folder}/capture.dcm", to_bytes(capture), "DEID_BURNED_IN"
    burned = image("burned")
    burned.BurnedInAnnotation = "YES"
    yield f"{folder}/burned.dcm", to_bytes(burned), "DEID_BURNED_IN"
    document = image("document", sop="1.2.840.10008.5.1.4.1.1.104.1")
    del document.PixelData
    document.EncapsulatedDocument = f"%PDF {WORD} ".encode()
    yield f"{folder}/document.dcm", to_bytes(document), "DEID_DOCUMENT"
    yield f"{folder}/cut.dcm", to_bytes(whole_table("A^B"))[:9000], "DEID_DAMAGED"
    yield f"{folder}/broken.dcm", f"{WORD} is no DICOM".encode(), "DICOM_NOT_DICOM"
    yield f"{folder}/notes.txt", f"notes on {WORD}".encode(), "passed over"
    for name, data in directory().items():
        yield f"{folder}/disc/{name}", data, "passed over" if name == "DICOMDIR" else "written"


if __name__ == "__main__":
    listed = []
    with zipfile.ZipFile(ROOT / "canaries.zip", "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        def put(name, data):
            archive.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED, 9)
        for name, data, ends in files():
            put(name, data)
            listed.append({"file": name, "ends": ends, "sha256": hashlib.sha256(data).hexdigest()})
        strings = [WORD, "1977-07-04", UID_ROOT, *NAMES.values()]
        manifest = {"maker": "scripts/peers/dicom_confidentiality_canaries.py", "peer": f"pydicom {pydicom.__version__}", "strings": strings, "files": listed}
        put("manifest.json", json.dumps(manifest, ensure_ascii=False, indent=1))
    print(len(listed), "files,", (ROOT / "canaries.zip").stat().st_size, "bytes")
