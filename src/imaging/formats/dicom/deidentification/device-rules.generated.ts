// Written by scripts/peers/dicom_confidentiality.py: burned-in text of known devices

/**
 * One rule a line, as region-rules.ts describes. From deid 0.4.13 (Copyright (c) 2016-2022 Vanessa Sochat,
 * MIT licence), which took many of them from RSNA's CTP.
 */
export const deviceRules = `
{"name": "3D Lab reconstructions", "when": {"ManufacturerModelName": "SOMATOM Definition AS+", "Modality": "CT", "SeriesDescription": "3D"}, "regions": [[450, 0, 222, 85]]}
{"name": "CT Dose Series", "when": {"Modality": "CT", "Manufacturer": "GE", "CodeMeaning": "IEC Body Dosimetry Phantom"}, "regions": [[0, 0, 512, 200]]}
{"name": "Dose Report", "when": {"Modality": "CT", "Manufacturer": "GE", "SeriesDescription": "Dose Report"}, "regions": [[0, 0, 512, 110]]}
{"name": "Dose Report Comments", "when": {"Modality": "CT", "Manufacturer": "GE", "CommentsOnRadiationDose": "DLP"}, "regions": [[0, 0, 512, 110]]}
{"name": "AW Workstation", "when": {"Modality": "CT", "Manufacturer": ["GE", "GE MEDICAL"], "BurnedInAnnotation": "YES", "SeriesDescription": "AW electronic field"}, "regions": [[0, 0, 512, 80]]}
{"name": "Screen Captures", "when": {"Modality": "CT", "Manufacturer": ["GE", "GE MEDICAL"], "Rows": "=512", "BurnedInAnnotation": "YES"}, "regions": [[0, 0, 512, 25]]}
{"name": "Vessel analysis (screen capture)", "when": {"Modality": "CT", "Manufacturer": ["GE", "GE MEDICAL"], "Rows": "=512", "BurnedInAnnotation": "YES", "SeriesDescription": "AVA Report"}, "regions": [[0, 0, 200, 250]]}
{"name": "Volume Rendering - MRCP", "when": {"Modality": "CT", "Manufacturer": "GE", "Rows": "=512", "Columns": "=512", "BurnedInAnnotation": "YES", "ImageType": "VOLREN"}, "regions": [[350, 0, 162, 30], [390, 80, 122, 15]]}
{"name": "screen captures", "when": {"Modality": "CT", "Manufacturer": "GE", "Rows": "=1024", "BurnedInAnnotation": "YES"}, "regions": [[0, 0, 300, 150], [724, 0, 300, 150]]}
{"name": "stent planning worksheet (VITREA)", "when": {"Modality": "CT", "Manufacturer": ["VITREA", "VITAL Images|VITREA"], "Rows": "=1041", "SeriesDescription": "AAA|Report"}, "regions": [[0, 0, 795, 150]]}
{"name": "CT Dose Series", "when": {"Modality": "CT", "Manufacturer": "SIEMENS", "Rows": "=860", "ImageType": "SECONDARY"}, "regions": [[0, 0, 1132, 60]]}
{"name": "CT Dose Series", "when": {"Modality": "CT", "Manufacturer": "PHILIPS", "ImageType": "DOSE"}, "regions": [[0, 0, 512, 135]]}
{"name": "SIEMMENS", "when": {"Modality": "US", "Manufacturer": "SIEMENS", "ManufacturerModelName": "S2000", "Rows": "=768", "Columns": "=1024"}, "regions": [[0, 0, 1024, 60]]}
{"name": "Toshiba Aquilion One CT Dose Series", "when": {"Modality": "CT", "Manufacturer": "TOSHIBA", "Rows": "=512", "Columns": "=512", "WindowWidth": "=1", "ManufacturerModelName": "Aquilion ONE", "ImageType": "SECONDARY"}, "regions": [[0, 0, 410, 240]]}
{"name": "Philips PT", "when": {"Modality": "PT", "Manufacturer": "Philips", "ManufacturerModelName": "GEMINI", "Rows": "=446", "Columns": "=245"}, "regions": [[0, 0, 125, 50]]}
{"name": "Philips PT", "when": {"Modality": "PT", "Manufacturer": "Philips", "ManufacturerModelName": "GEMINI", "Rows": "=445", "Columns": "=493"}, "regions": [[0, 0, 140, 55]]}
{"name": "Philips PT", "when": {"Modality": "PT", "Manufacturer": "Philips", "ManufacturerModelName": "GEMINI", "Rows": "=373", "Columns": "=492"}, "regions": [[0, 0, 100, 25]]}
{"name": "MINDRAY", "when": {"Modality": "US", "ImplementationVersionName": "MINDRAY"}, "regions": [[0, 0, 1229, 69]]}
{"name": "Logiq US (LOGIQ9)", "when": {"Modality": "US", "Manufacturer": "GE", "ManufacturerModelName": "LOGIQ9"}, "regions": [[0, 0, 640, 30]]}
{"name": "Logiq US (LOGIQE9 or V830)", "when": {"Modality": "US", "Manufacturer": "GE", "ManufacturerModelName": "LOGIQE9|V830"}, "regions": [[0, 0, 960, 70]]}
{"name": "Logiq US LOGIQE", "when": {"Modality": "US", "Manufacturer": "GE", "Rows": "=614", "ManufacturerModelName": "LOGIQE"}, "regions": [[0, 0, 1150, 75]]}
{"name": "Philips IU22", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=480", "ManufacturerModelName": "iU22"}, "regions": [[0, 0, 640, 47]]}
{"name": "Philips IU22", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=786", "ManufacturerModelName": "iU22"}, "regions": [[0, 0, 1024, 75]]}
{"name": "Philips IU22", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=600", "ManufacturerModelName": "iU22"}, "regions": [[0, 0, 800, 59]]}
{"name": "Philips Affiniti", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=768", "ManufacturerModelName": "Affiniti 70G"}, "regions": [[0, 0, 1024, 22]]}
{"name": "Philips Affiniti", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=600", "ManufacturerModelName": "ClearVue 650"}, "regions": [[0, 0, 1150, 22]]}
{"name": "Philips Affiniti", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=825", "ManufacturerModelName": "Affiniti 70G"}, "regions": [[0, 0, 1140, 70]]}
{"name": "EPIQ 7G", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=600", "ManufacturerModelName": "EPIQ"}, "regions": [[0, 0, 1024, 49]]}
{"name": "EPIQ 7G", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=768", "ManufacturerModelName": "EPIQ"}, "regions": [[0, 0, 1024, 49]]}
{"name": "EPIQ 7G", "when": {"Modality": "US", "Manufacturer": "Philips", "Rows": "=825", "ManufacturerModelName": "EPIQ"}, "regions": [[0, 0, 800, 59]]}
{"name": "CX50", "when": {"Modality": "US", "Manufacturer": "Philips", "ManufacturerModelName": "CX50"}, "regions": [[0, 0, 800, 59]]}
{"name": "EPIQ_7G (CTP)", "when": {"Manufacturer": "EPIQ", "Rows": "=600|768"}, "regions": [[0, 0, 800, 59]]}
{"name": "Z_ONE", "when": {"Modality": "US", "Manufacturer": "Zonare", "Rows": "=600", "ManufacturerModelName": "Z_ONE"}, "regions": [[0, 0, 800, 65]]}
{"name": "Z_ONE", "when": {"Modality": "US", "Manufacturer": "Zonare", "Rows": "=600", "ManufacturerModelName": "ZS3"}, "regions": [[0, 0, 1150, 55]]}
{"name": "ATL HDI 5000", "when": {"Modality": "US", "Manufacturer": "ATL", "Rows": "=476", "Columns": "=640", "ManufacturerModelName": "HDI 5000"}, "regions": [[40, 0, 200, 40], [240, 0, 190, 16]]}
{"name": "ATL HDI4000", "when": {"Modality": "US", "Manufacturer": "ATL", "Rows": "=480", "ManufacturerModelName": "HDI4000"}, "regions": [[0, 0, 1140, 62]]}
{"name": "Siemens SC2000", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=768", "Columns": "=1024", "ManufacturerModelName": "SC2000", "ImageType": "SECONDARY"}, "regions": [[230, 50, 260, 370]]}
{"name": "Siemens Antares", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=768", "Columns": "=1024", "ManufacturerModelName": "Antares"}, "regions": [[0, 0, 1024, 60], [200, 60, 20, 20], [800, 65, 104, 14]]}
{"name": "Siemens Acuson", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=600", "ManufacturerModelName": "G40"}, "regions": [[0, 0, 980, 45]]}
{"name": "Siemens Acuson", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=768", "ManufacturerModelName": "ACUSON NX3"}, "regions": [[0, 0, 1150, 58]]}
{"name": "Siemens Acuson", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=600", "ManufacturerModelName": "X150"}, "regions": [[0, 0, 1145, 50]]}
{"name": "Siemens Acuson", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=768", "ManufacturerModelName": "S3000"}, "regions": [[0, 0, 1040, 60]]}
{"name": "Siemens Acuson", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=600", "Columns": "=800", "ManufacturerModelName": "ACUSON"}, "regions": [[0, 0, 800, 43], [128, 56, 16, 16]]}
{"name": "Siemens Acuson", "when": {"Modality": "US", "Manufacturer": "Siemens", "Rows": "=600", "Columns": "=800", "ManufacturerModelName": "ACUSON"}, "regions": [[0, 0, 800, 43], [128, 56, 16, 16]]}
{"name": "Acuson Sequoia", "when": {"Modality": "US", "Manufacturer": "ACUSON", "Rows": "=480", "Columns": "=640", "ManufacturerModelName": "SEQUOIA"}, "regions": [[0, 0, 640, 30]]}
{"name": "Toshiba Aplio 400 or 500", "when": {"Modality": "US", "Manufacturer": "TOSHIBA", "Rows": "=720", "Columns": "=960", "ManufacturerModelName": "A400|A500"}, "regions": [[0, 0, 960, 60]]}
{"name": "TOSHIBA", "when": {"Modality": "US", "Manufacturer": "TOSHIBA", "Rows": "=632", "ManufacturerModelName": "TUS-A300"}, "regions": [[0, 0, 1150, 72]]}
{"name": "TOSHIBA", "when": {"Modality": "US", "Manufacturer": "TOSHIBA", "Rows": "=720", "ManufacturerModelName": "TUS-A300"}, "regions": [[0, 0, 1150, 68]]}
{"name": "TOSHIBA", "when": {"Modality": "US", "Manufacturer": "TOSHIBA", "Rows": "=903", "ManufacturerModelName": "TUS-A500"}, "regions": [[0, 0, 930, 50]]}
{"name": "TOSHIBA", "when": {"Modality": "US", "Manufacturer": "TOSHIBA", "Rows": "=632", "ManufacturerModelName": "TUS-A500"}, "regions": [[0, 0, 1150, 60]]}
{"name": "Supersonic Imagine 5A", "when": {"Modality": "US", "Manufacturer": "SuperSonic Imagine SA|SuperSonic", "Rows": "=1050", "Columns": "=1400", "ManufacturerModelName": "Aixplorer"}, "regions": [[0, 0, 1400, 89]]}
{"name": "SENO", "when": {"Modality": "US", "Manufacturer": "SENO", "Rows": "=1058", "Columns": "=1920"}, "regions": [[161, 0, 1632, 50]]}
{"name": "SENO Cine", "when": {"Modality": "US", "Manufacturer": "SENO", "Rows": "=1056", "Columns": "=1920"}, "regions": [[161, 0, 1632, 50]]}
{"name": "Canon CR/DR", "when": {"Modality": "MRI", "Manufacturer": "Canon", "Rows": "=2592", "ManufacturerModelName": "CXD1"}, "regions": [[0, 0, 2208, 80], [0, 2512, 2208, 80]]}
{"name": "Siemens NM", "when": {"Modality": "NM", "Manufacturer": "Siemens", "Rows": "=860", "ManufacturerModelName": "CXD1", "ImageType": "SECONDARY"}, "regions": [[0, 0, 1132, 90], [0, 780, 1132, 80]]}
{"name": "Siemens NM", "when": {"Modality": "NM", "Manufacturer": "Siemens", "Rows": "=860", "ImageType": "SECONDARY"}, "regions": [[0, 0, 1132, 90], [0, 780, 1132, 80]]}
{"name": "Siemens NM", "when": {"Modality": "NM", "Manufacturer": "Siemens", "Rows": "=865", "ImageType": "SECONDARY"}, "regions": [[0, 0, 1132, 35]]}
{"name": "Siemens NM", "when": {"Modality": "NM", "Manufacturer": "Siemens", "Rows": "=882", "ImageType": "SECONDARY"}, "regions": [[0, 0, 1132, 65]]}
{"name": "ESAOTE", "when": {"Manufacturer": "ESAOTE", "Modality": "US", "ManufacturerModelName": "6100", "Rows": "=608"}, "regions": [[0, 0, 790, 52]]}
{"name": "ESAOTE", "when": {"Manufacturer": "ESAOTE", "Modality": "US", "ManufacturerModelName": "6150", "Rows": "=804"}, "regions": [[0, 0, 1030, 45]]}
{"name": "ESAOTE", "when": {"Manufacturer": "ESAOTE", "Modality": "US", "ManufacturerModelName": "6150", "Rows": "=804"}, "regions": [[0, 0, 1030, 45]]}
{"name": "ESAOTE", "when": {"Manufacturer": "ESAOTE", "Modality": "US", "ManufacturerModelName": "6150", "Rows": "=608"}, "regions": [[0, 0, 1140, 72]]}
{"name": "ESAOTE", "when": {"Manufacturer": "ESAOTE", "Modality": "US", "ManufacturerModelName": "6150", "Rows": "=555"}, "regions": [[0, 0, 1140, 72]]}
{"name": "MEDISON", "when": {"Manufacturer": "MEDISON", "Modality": "US", "ManufacturerModelName": "Accuvix V20", "Rows": "=768"}, "regions": [[0, 0, 1010, 65]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare Austria", "Modality": "US", "ManufacturerModelName": "Voluson P8", "Rows": "=727"}, "regions": [[0, 0, 1150, 65]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "Voluson P8", "Rows": "=727"}, "regions": [[0, 0, 1150, 65]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "Voluson S", "Rows": "=743"}, "regions": [[0, 0, 925, 62]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "Voluson S", "Rows": "=743"}, "regions": [[0, 0, 925, 62]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "Voluson S10", "Rows": "=852"}, "regions": [[0, 0, 1040, 62]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "Voluson S10", "Rows": "=600"}, "regions": [[0, 0, 1040, 62]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQS7", "Rows": "=720"}, "regions": [[0, 0, 1060, 67]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQS8", "Rows": "=873"}, "regions": [[0, 0, 1160, 65]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQS8", "Rows": "=768"}, "regions": [[0, 0, 1150, 60]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQS8", "Rows": "=819"}, "regions": [[0, 0, 937, 57]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQS8", "Rows": "=720"}, "regions": [[0, 0, 1140, 50]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQP", "Rows": "=614"}, "regions": [[0, 0, 1060, 67]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQ S6", "Rows": "=768"}, "regions": [[0, 0, 800, 80]]}
{"name": "GE Healthcare", "when": {"Manufacturer": "GE Healthcare", "Modality": "US", "ManufacturerModelName": "LOGIQ7", "Rows": "=989"}, "regions": [[0, 0, 1150, 24]]}
{"name": "MINDRAY", "when": {"Manufacturer": "MINDRAY", "Modality": "US", "ManufacturerModelName": "M6", "Rows": "=600"}, "regions": [[0, 0, 1050, 75]]}
{"name": "MINDRAY", "when": {"Manufacturer": "MINDRAY", "Modality": "US", "ManufacturerModelName": "M7", "Rows": "=600"}, "regions": [[0, 0, 800, 50]]}
{"name": "MINDRAY", "when": {"Manufacturer": "MINDRAY", "Modality": "US", "ManufacturerModelName": "M7", "Rows": "=768"}, "regions": [[0, 0, 1080, 80]]}
{"name": "MINDRAY", "when": {"Manufacturer": "MINDRAY", "Modality": "US", "ManufacturerModelName": "Z5", "Rows": "=600"}, "regions": [[0, 0, 1130, 62]]}
{"name": "MINDRAY", "when": {"Manufacturer": "MINDRAY", "Modality": "US", "ManufacturerModelName": "DC-8 PRO", "Rows": "=900"}, "regions": [[0, 0, 1150, 60]]}
{"name": "MINDRAY", "when": {"Manufacturer": "MINDRAY", "Modality": "US", "ManufacturerModelName": "M9", "Rows": "=910"}, "regions": [[0, 0, 1150, 60]]}
{"name": "SIUI", "when": {"Manufacturer": "SIUI", "Modality": "US", "ManufacturerModelName": "CTS-8800"}, "regions": [[0, 0, 1360, 100]]}
{"name": "Kretztechnik", "when": {"Manufacturer": "Kretztechnik", "Modality": "US", "ManufacturerModelName": "V730", "Rows": "=600"}, "regions": [[0, 0, 1140, 80]]}
{"name": "Hitachi", "when": {"Manufacturer": "Hitachi", "Modality": "US", "ManufacturerModelName": "HI VISION Preirus", "Rows": "=768"}, "regions": [[0, 0, 1150, 60]]}
{"name": "Hitachi", "when": {"Manufacturer": "Hitachi", "Modality": "US", "ManufacturerModelName": "HI VISION Avius", "Rows": "=768"}, "regions": [[0, 0, 1140, 74]]}
{"name": "Hitachi", "when": {"Manufacturer": "Hitachi", "Modality": "US", "ManufacturerModelName": "ProSound F75", "Rows": "=768"}, "regions": [[0, 0, 1025, 50]]}
{"name": "Samsung", "when": {"Manufacturer": "Samsung", "Modality": "US", "ManufacturerModelName": "UGEO H60", "Rows": "=720"}, "regions": [[0, 0, 1150, 70]]}
{"name": "Samsung", "when": {"Manufacturer": "Samsung", "Modality": "US", "ManufacturerModelName": "SonoAce R7", "Rows": "=768"}, "regions": [[0, 0, 1024, 60]]}
{"name": "MEDISON", "when": {"Manufacturer": "MEDISON", "Modality": "US", "ManufacturerModelName": "SonoAce R7", "Rows": "=768"}, "regions": [[0, 0, 1140, 60]]}
{"name": "Chison", "when": {"Manufacturer": "Chison", "Modality": "US", "ManufacturerModelName": "q9-new", "Rows": "=568"}, "regions": [[0, 0, 1250, 80]]}
{"name": "Ultrasonix", "when": {"Manufacturer": "Ultrasonix", "Modality": "US", "ManufacturerModelName": "SONIX", "Rows": "=768"}, "regions": [[0, 0, 970, 60]]}
{"name": "Ultrasonix", "when": {"Manufacturer": "Ultrasonix", "Modality": "US", "ManufacturerModelName": "SONIX", "Rows": "=600"}, "regions": [[0, 0, 970, 60]]}
{"name": "Stanford Medical Center GE", "when": {"Manufacturer": "GE", "ManufacturerModelName": "GE|Stanford", "ImageType": "DERIVED+SECONDARY+SCREEN SAVE"}, "regions": [[0, 0, 512, 121]]}
`;
