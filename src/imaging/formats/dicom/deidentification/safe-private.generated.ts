// Written by scripts/peers/dicom_confidentiality.py: PS3.15 2026a Table E.3.10-1, safe private attributes

/** Private creator|group|elements within the block|those that are SQ|those that are UI. */
export const safePrivateBlocks = `
ELSCINT1|00e1|21 50||
ELSCINT1|01e1|26||
ELSCINT1|01f1|01 07 26 27||
GEIIS PACS|0903|10 11 12||
GEMS_ACQU_01|0019|23 24 27 9e||
GEMS_HELIOS_01|0045|01 02||
GEMS_PARM_01|0043|27 39 6f||
GEMS_SERS_01|0025|07||
HOLOGIC, Inc.|7e01|01 02 10 11 12|10 11|
NQHeader|0099|01 02 04 05 10 20 21||01 02
NQLeft|0199|01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16||
NQRight|0299|01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16||
Philips Imaging DD 001|2001|01 02 03 04 05 06 07 08 09 0a 0b 0c 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f 40 41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50 51 53 54 55 56 57 58 59 5a 5d 5e 5f 60 61 62 63 64 65 66 67 68 69 6a 6b 6d 6e 6f 71 72 73 74 75 76 77 79 7a 7b 7c 7d 7e 7f 80 81 82 83 84 85 86 87 88 89 8a 8b 8c 90 91 92 93 94 9a 9b 9d 9f a1 a2 a3 a4 a5 c0 c1 c2 c3 c5 c6 c7 ca cb d0 d1 d2 d3 d4 d5 d6 d7 d8 d9 da db dc dd de df e9 f1 f2 f3 f4 f5 f6 f7 f9 fb fc fd ff|5f 65 66 68 69 6a 6b 6f 73 79 9a c5 c6 c7 ca e9 f9 fb fc fd|
Philips Imaging DD 002|2001|01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f 10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f 20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f 30 31 32 33 34 35 36 37 38 39 3a 3b 3c 3d 3e 3f 40 50 52 53 57 58 5a 5c 5d 5e 5f 63 64 65 66 67 68 6b 71 72 73 74 75|3a 3b 3c 3d 57 58 5f 64|
Philips Imaging DD 097|2001|01 02 03 04 05 06 07 08 0a 0b 0d 0e 0f 12 17 18 19 1a 1b 1c 1d 1e 1f 21 22 23 24 25 26 27 28 2a 2b 2c 2d 2e 2f 30 31 32 36 37 38 39 3a 3b 3c 3d 3e 40 41 42 44 45 46 47 49 4a 4b 4c a1 a2 a3 a4 a5 a6 a8 a9 aa ab|01 05 06 08 0a 0b 0e 12 2e 3c 3e 42 49 a9|
Philips Imaging DD 129|2001|00 01 02 03 04 05 06 07 08 09|00 01 02 04|
Philips MR Imaging DD 001|2005|0d 0e||
Philips PET Private Group|7053|00 09||
Philips ST80i|0025|01||
SIEMENS MR HEADER|0019|0c 0d 0e 27||
SIEMENS SYNGO ULTRA-SOUND TOYON DATA STREAMING|7fd1|01 09 10 11||09
SIEMENS Ultrasound SC2000|0119|00 01 02 03 04 05 06 07 08 09 10 11 12 13 21|02 03|
SIEMENS Ultrasound SC2000|0129|00 02 03 04 05 06 07 08 09 10 11 12 20 21 22 29 30|00 06 09 11 20|02 07 12
SIEMENS Ultrasound SC2000|0139|01||
SIEMENS Ultrasound SC2000|0149|01 02 03||
SIEMENS Ultrasound SC2000|7fd1|01 09 10 11||09
`;
