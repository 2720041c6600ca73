"""Filter coefficients of PyWavelets' discrete wavelets as a table for src/imaging/transforms/wavelets.

Run: python scripts/peers/wavelet_filters.py
"""

import pathlib

import pywt

OUT = (
    pathlib.Path(__file__).resolve().parents[2]
    / "src" / "imaging" / "transforms" / "wavelets" / "wavelet-filters.generated.ts"
)
FAMILIES = ("haar", "db", "sym", "coif", "bior", "rbio", "dmey")


def line(values):
    return " ".join(repr(float(value)) for value in values)


orthogonal, biorthogonal = [], []
for name in (name for family in FAMILIES for name in pywt.wavelist(family, kind="discrete")):
    wavelet = pywt.Wavelet(name)
    low, high = wavelet.dec_lo, wavelet.dec_hi
    rebuilt = [(-1) ** (k + 1) * low[len(low) - 1 - k] for k in range(len(low))]
    if wavelet.orthogonal and max(abs(a - b) for a, b in zip(high, rebuilt)) < 1e-15:
        orthogonal.append(f"  '{name}':\n    '{line(low)}',")
    else:
        biorthogonal.append(f"  '{name}': [\n    '{line(low)}',\n    '{line(high)}',\n  ],")
    # what the reader of the table builds from it
    signs = [(-1) ** (k + 1) for k in range(len(low))]
    assert max(abs(a - s * b) for a, b, s in zip(wavelet.rec_lo, high, signs)) < 1e-15, name
    assert max(abs(a + s * b) for a, b, s in zip(wavelet.rec_hi, low, signs)) < 1e-15, name

OUT.write_text(
    f"""// Written by scripts/peers/wavelet_filters.py from PyWavelets {pywt.__version__}; do not edit.

/** Low-pass decomposition filters of the orthogonal wavelets; the others follow from them. */
export const ORTHOGONAL_FILTERS: Readonly<Record<string, string>> = {{
{chr(10).join(orthogonal)}
}};

/** Low-pass and high-pass decomposition filters of the biorthogonal wavelets. */
export const BIORTHOGONAL_FILTERS: Readonly<Record<string, readonly [low: string, high: string]>> = {{
{chr(10).join(biorthogonal)}
}};
"""
)
