"""Tables of DICOM PS3.15 Annex E as TypeScript, for src/imaging/formats/dicom/deidentification.

Read from packages that hold the standard's tables:
  idiscore 1.2.0          Table E.1-1 with its option columns, as it stood on 2024-09-19 (edition 2024c)
  dicom-anonymizer 2.1.0  the Basic Profile column of edition 2026c
  highdicom 0.28.2        PS3.3: modules of IODs and Types of attributes
  deid 0.4.13             rectangles of burned-in text of known devices (MIT licence)
Rows newer than 2024c take their option columns from ADDED, read off edition 2026a.
Table E.3.10-1 (safe private attributes) is SAFE_PRIVATE, read off edition 2026a.

Run: pip install --no-deps --target DIR idiscore==1.2.0 dicom-anonymizer==2.1.0 deid==0.4.13
     PYTHONPATH=DIR python scripts/peers/dicom_confidentiality.py
It writes *.generated.ts there and fixtures/deidentification/table.json, the rows that the tests walk.
"""

import collections
import hashlib
import importlib.metadata
import json
import pathlib
import re
import sys
import textwrap
import types

import deid
import highdicom
from dicomanonymizer.dicom_anonymization_databases import dicomfields_2026c as newest
from pydicom._private_dict import private_dictionaries
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword

# The one class that the table needs of a module that asks for an older pydicom.
RuleSet = collections.namedtuple("RawNemaRuleSet", ["name", "code", "rules"])
sys.modules["idiscore.nema_parsing"] = types.SimpleNamespace(RawNemaRuleSet=RuleSet)
from idiscore import _public_dicom as public  # noqa: E402
from idiscore.identifiers import SingleTag  # noqa: E402

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "src/imaging/formats/dicom/deidentification"

OPTIONS = {
    "retainUids": public.retain_uid,
    "retainDevice": public.retain_device_id,
    "retainInstitution": public.retain_institution_id,
    "retainPatientCharacteristics": public.retain_patient_characteristics,
    "retainFullDates": public.retain_full_dates,
    "retainModifiedDates": public.retain_modified_dates,
    "cleanDescriptors": public.clean_descriptors,
    "cleanStructuredContent": public.clean_structured_content,
    "cleanGraphics": public.clean_graphics,
}

DATES = {"retainFullDates": "K", "retainModifiedDates": "C"}
DESCRIPTOR = {"cleanDescriptors": "C"}
PATIENT = {"retainPatientCharacteristics": "K"}
# Option columns of the rows added between editions 2024c and 2026a.
ADDED = {
    "00081301": DESCRIPTOR, "00081302": DESCRIPTOR, "00081303": DESCRIPTOR, "00081304": DESCRIPTOR,
    "00100011": {}, "00100012": {}, "00100013": {}, "00100014": {}, "00100015": {}, "00100016": DESCRIPTOR,
    "00100041": {}, "00100042": {"retainPatientCharacteristics": "C", **DESCRIPTOR}, "00100043": PATIENT,
    "00100044": {}, "00100045": DESCRIPTOR, "00100046": PATIENT, "00100047": PATIENT, "00102162": PATIENT,
    "00181010": {"retainDevice": "K"}, "00181011": {"retainDevice": "K"},
    "003a0020": DESCRIPTOR, "003a0203": DESCRIPTOR, "003a020c": DESCRIPTOR, "00400556": DESCRIPTOR,
    "0040a034": DATES, "0040a035": DATES, "0040b020": {"cleanStructuredContent": "C"},
    "0040b034": DATES, "0040b036": DATES, "0040b03b": DESCRIPTOR, "0040b03f": DESCRIPTOR,
    "00700006": DESCRIPTOR,
    "0040e012": {},  # after 2026a: nothing is known of its options, so that it always goes
}  # fmt: skip

# Table E.3.10-1: private creator, group, elements within the block (ranges in hexadecimal).
# SQ and UI name the elements with those representations, for data sets that do not say.
SAFE_PRIVATE = """
ELSCINT1|00E1|21 50
ELSCINT1|01E1|26
ELSCINT1|01F1|01 07 26 27
GEIIS PACS|0903|10-12
GEMS_ACQU_01|0019|23 24 27 9E
GEMS_HELIOS_01|0045|01 02
GEMS_PARM_01|0043|27 39 6F
GEMS_SERS_01|0025|07
HOLOGIC, Inc.|7E01|01 02 10-12|SQ 10 11
NQHeader|0099|01 02 04 05 10 20 21|UI 01 02
NQLeft|0199|01-16
NQRight|0299|01-16
Philips Imaging DD 001|2001|01-0C 0E-1F 21-51 53-5A 5D-6B 6D-6F 71-77 79-8C 90-94 9A 9B 9D 9F A1-A5 C0-C3 C5-C7 CA CB D0-DF E9 F1-F7 F9 FB-FD FF|SQ 5F 65 66 68-6B 6F 73 79 9A C5-C7 CA E9 F9 FB-FD
Philips Imaging DD 002|2001|01-40 50 52 53 57 58 5A 5C-5F 63-68 6B 71-75|SQ 3A-3D 57 58 5F 64
Philips Imaging DD 097|2001|01-08 0A 0B 0D-0F 12 17-1F 21-28 2A-32 36-3E 40-42 44-47 49-4C A1-A6 A8-AB|SQ 01 05 06 08 0A 0B 0E 12 2E 3C 3E 42 49 A9
Philips Imaging DD 129|2001|00-09|SQ 00-02 04
Philips MR Imaging DD 001|2005|0D 0E
Philips PET Private Group|7053|00 09
Philips ST80i|0025|01
SIEMENS MR HEADER|0019|0C-0E 27
SIEMENS SYNGO ULTRA-SOUND TOYON DATA STREAMING|7FD1|01 09 10 11|UI 09
SIEMENS Ultrasound SC2000|0119|00-09 10-13 21|SQ 02 03
SIEMENS Ultrasound SC2000|0129|00 02-09 10-12 20-22 29 30|SQ 00 06 09 11 20|UI 02 07 12
SIEMENS Ultrasound SC2000|0139|01
SIEMENS Ultrasound SC2000|0149|01-03
SIEMENS Ultrasound SC2000|7FD1|01 09 10 11|UI 09
"""
SAFE_PRIVATE_ROWS = 479



def confidentiality_rows():
    """(tag, basic action, {option: action}) for every row with one tag."""

    def column(ruleset):
        pairs = [(identifier.tag, action.key) for identifier, action in ruleset.rules if isinstance(identifier, SingleTag)]
        return {"%08x" % tag: action for tag, action in pairs}

    basic = column(public.basic_profile)
    columns = {tag: {} for tag in basic}
    for name, ruleset in OPTIONS.items():
        for tag, action in column(ruleset).items():
            columns[tag][name] = action
    now = {}
    for name in ["D", "Z", "X", "U", "Z_D", "X_Z", "X_D", "X_Z_D", "X_Z_U_STAR"]:
        for tag in getattr(newest, f"{name}_TAGS"):
            if len(tag) == 2:
                now["%04x%04x" % tag] = name.replace("_STAR", "*").replace("_", "/")
    columns |= {tag: options for tag, options in ADDED.items()}
    assert set(columns) == set(now), set(columns) ^ set(now)
    assert all(now[tag] == action for tag, action in basic.items())
    return [(tag, now[tag], columns[tag]) for tag in sorted(columns)]


def elements_of(text):
    found = []
    for part in text.split():
        first, _, last = part.partition("-")
        found += range(int(first, 16), int(last or first, 16) + 1)
    return found


def safe_private():
    blocks = []
    for line in SAFE_PRIVATE.strip().splitlines():
        creator, group, elements, *special = line.split("|")
        block = {"creator": creator, "group": int(group, 16), "elements": elements_of(elements)}
        for text in special:
            vr, _, listed = text.partition(" ")
            block[vr] = elements_of(listed)
        assert set(block.get("SQ", []) + block.get("UI", [])) <= set(block["elements"]), line
        for element in block["elements"]:
            known = private_dictionaries.get(creator, {}).get(f"{group}xx{element:02X}")
            if known and known[0] in ("SQ", "UI"):
                assert element in block.get(known[0], []), (line, hex(element), known)
        blocks.append(block)
    count = sum(len(block["elements"]) for block in blocks)
    assert count == SAFE_PRIVATE_ROWS, count
    return blocks


STANDARD = pathlib.Path(highdicom.__file__).parent / "_standard"
TYPE = {"1": 1, "1C": 1, "2": 2, "2C": 2, "3": 3}


def attribute_types(rows):
    """Types of the attributes whose action hangs on it: by SOP class at the top, by sequence inside of one."""
    modules = json.loads((STANDARD / "module_attribute_map.json").read_text())
    iods = json.loads((STANDARD / "iod_module_map.json").read_text())
    classes = json.loads((STANDARD / "sop_class_iod_map.json").read_text())
    combined = [tag for tag, action, _ in rows if "/" in action]
    keywords = {keyword_for_tag(int(tag, 16)): tag for tag in combined}
    top = collections.defaultdict(dict)
    nested = {}
    for iod in set(classes.values()):
        for module in iods.get(iod, []):
            for attribute in modules.get(module["key"], []):
                tag = keywords.get(attribute["keyword"])
                if tag is None:
                    continue
                kind = TYPE[attribute["type"]]
                if attribute["path"]:
                    parent = tag_for_keyword(attribute["path"][-1])
                    key = (f"{parent:08x}", tag)
                    nested[key] = min(nested.get(key, 3), kind)
                else:
                    top[iod][tag] = min(top[iod].get(tag, 3), kind)
    order = sorted({tag for types in top.values() for tag in types})
    patterns = collections.defaultdict(list)
    for sop, iod in sorted(classes.items()):
        if iod in iods:
            patterns["".join(str(top[iod].get(tag, 3)) for tag in order)].append(sop)
    return order, patterns, nested


def device_rules():
    """Rectangles of burned-in text, from a list in which every condition of a rule must hold."""
    rules = []
    text = (pathlib.Path(deid.__file__).parent / "data" / "deid.dicom").read_text()
    for block in re.split(r"^\s*LABEL ", text, flags=re.M)[1:]:
        lines = [line.strip() for line in block.splitlines() if line.strip() and not line.strip().startswith("#")]
        conditions, regions = [], []
        for line in lines[1:]:
            word, _, rest = line.lstrip("+ ").partition(" ")
            if word in ("coordinates", "ctpcoordinates"):
                a, b, c, d = [int(number) for number in rest.split(",")]
                regions.append([a, b, c, d] if word == "ctpcoordinates" else [a, b, c - a, d - b])
            elif word in ("contains", "equals", "missing"):
                conditions.append((word, rest))
            elif word.startswith("%"):
                break
        if not regions or any(word == "missing" or "||" in rest for word, rest in conditions):
            continue
        when = {}
        for word, rest in conditions:
            keyword, _, value = rest.partition(" ")
            if tag_for_keyword(keyword) is None:
                break
            when.setdefault(keyword, []).append(value.split("|") if word == "contains" else "=" + value)
        else:
            rules.append((lines[0].split("#")[0].strip(), when, regions))
    return rules


def ts(name, what, body):
    head = f"// Written by scripts/peers/dicom_confidentiality.py: {what}\n"
    (OUT / name).write_text(head + body)


def wrapped(words, indent="    "):
    return "\n".join(textwrap.wrap(" ".join(words), 106, initial_indent=indent, subsequent_indent=indent, break_on_hyphens=False))


def write_table(rows):
    groups = collections.defaultdict(list)
    for tag, action, options in rows:
        groups[(action, tuple(sorted(options.items())))].append(tag)
    body = "\nexport const tableEdition = 'PS3.15 2026c Table E.1-1';\n\n"
    body += "/** '= action option:action …', then the tags so treated. */\nexport const tableRows = `\n"
    for (action, options), tags in sorted(groups.items()):
        body += " ".join(["=", action, *(f"{name}:{value}" for name, value in options)]) + "\n" + wrapped(tags, "") + "\n"
    what = "PS3.15 2026c Table E.1-1; option columns of 2024c, of 2026a for newer rows"
    ts("profile-table.generated.ts", what, body + "`;\n")


def write_safe(blocks):
    body = "\n/** Private creator|group|elements within the block|those that are SQ|those that are UI. */\n"
    body += "export const safePrivateBlocks = `\n"
    for block in blocks:
        texts = [" ".join(f"{e:02x}" for e in block.get(key, [])) for key in ("elements", "SQ", "UI")]
        body += "|".join([block["creator"], f"{block['group']:04x}", *texts]) + "\n"
    ts("safe-private.generated.ts", "PS3.15 2026a Table E.3.10-1, safe private attributes", body + "`;\n")


def write_types(order, patterns, nested):
    body = "\n/** Attributes whose action hangs on their Type, in the order of the digits below. */\n"
    body += f"export const typedTags = `\n{wrapped(order, '')}\n`;\n\n"
    body += "export const sopClassRoot = '1.2.840.10008.';\n"
    body += "/** '= Types' of them (1 and 1C: 1, 2 and 2C: 2, else 3), then the SOP classes where they are so. */\n"
    body += "export const typesBySopClass = `\n"
    for pattern, sops in sorted(patterns.items()):
        body += f"= {pattern}\n{wrapped([sop.removeprefix('1.2.840.10008.') for sop in sops], '')}\n"
    body += "`;\n\n/** '= Type', then sequence.attribute where that is the strictest Type of any IOD. */\n"
    body += "export const nestedTypes = `\n"
    for kind in (1, 2, 3):
        pairs = [f"{parent}.{tag}" for (parent, tag), found in sorted(nested.items()) if found == kind]
        body += f"= {kind}\n{wrapped(pairs, '')}\n"
    ts("attribute-types.generated.ts", "Types of PS3.3 as highdicom 0.28.2 holds them", body + "`;\n")


def write_rules(rules):
    body = "\n/**\n * One rule a line, as region-rules.ts describes. From deid 0.4.13 (Copyright (c) 2016-2022 Vanessa Sochat,\n"
    body += " * MIT licence), which took many of them from RSNA's CTP.\n */\nexport const deviceRules = `\n"
    for label, when, regions in rules:
        texts = {key: ["|".join(value) if isinstance(value, list) else value for value in values] for key, values in when.items()}
        entry = {"name": label, "when": {k: v[0] if len(v) == 1 else v for k, v in texts.items()}, "regions": regions}
        line = json.dumps(entry)
        assert "\\" not in line and "`" not in line, line
        body += line + "\n"
    ts("device-rules.generated.ts", "burned-in text of known devices", body + "`;\n")


def write_fixture(rows):
    payload = [[tag, dictionary_VR(int(tag, 16)) if keyword_for_tag(int(tag, 16)) else "", action, options] for tag, action, options in rows]
    text = json.dumps(payload, separators=(",", ":"))
    peers = ["idiscore", "dicom-anonymizer", "pydicom"]
    record = {
        "maker": "scripts/peers/dicom_confidentiality.py",
        "peer": ", ".join(f"{name} {importlib.metadata.version(name)}" for name in peers),
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "payload": payload,
    }
    folder = ROOT / "fixtures" / "deidentification"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "table.json").write_text(json.dumps(record, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    table = confidentiality_rows()
    write_table(table)
    write_safe(safe_private())
    write_types(*attribute_types(table))
    write_rules(device_rules())
    write_fixture(table)
    print(len(table), "rows of Table E.1-1")
