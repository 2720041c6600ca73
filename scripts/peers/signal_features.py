"""What SciPy and NeuroKit2 make of signals, for src/imaging/features/signal."""

import warnings

import numpy as np

np.trapz = getattr(np, "trapz", None) or np.trapezoid  # NeuroKit2 calls it by its old name
warnings.simplefilter("ignore")

import neurokit2 as nk
import scipy
from neurokit2.hrv.hrv_nonlinear import _hrv_nonlinear_poincare
from scipy import signal as ss
from scipy import stats
from scipy.interpolate import CubicSpline

import learning_fixture

BANDS = {"delta": (0.5, 4), "theta": (4, 8), "alpha": (8, 13), "beta": (13, 30), "gamma": (30, 45)}


def number(value):
    value = float(value)
    return value if np.isfinite(value) else None


def numbers(values):
    return [number(v) for v in np.asarray(values, float).ravel()]


def signals():
    random = np.random.default_rng(11)
    t = np.arange(1500) / 100
    mixed = np.sin(2 * np.pi * 1.3 * t) + 0.4 * np.sin(2 * np.pi * 9.7 * t + 1) + 0.1 * t + random.normal(0, 0.3, t.size) + 0.2
    walk = np.cumsum(random.normal(0, 1, 1200)) * 0.1
    noise = random.normal(0, 1, 900)
    return {name: np.round(x, 6) for name, x in {"mixed": mixed, "walk": walk, "noise": noise}.items()}


def in_time(x, rate):
    d = np.diff(x)
    _, hjorth = nk.complexity_hjorth(x)
    seconds = x.size / rate
    p = np.percentile(x, [5, 25, 50, 75, 95])
    return {
        "mean": x.mean(), "sd": x.std(ddof=1), "rms": np.sqrt(np.mean(x**2)), "minimum": x.min(), "maximum": x.max(),
        "peak_to_peak": np.ptp(x), "skewness": stats.skew(x), "kurtosis": stats.kurtosis(x), "percentile_5": p[0],
        "percentile_25": p[1], "percentile_50": p[2], "percentile_75": p[3], "percentile_95": p[4],
        "mean_absolute": np.abs(x).mean(), "zero_crossing_rate": len(nk.signal_zerocrossings(x)) / seconds,
        "mean_crossing_rate": len(nk.signal_zerocrossings(x - x.mean())) / seconds,
        "line_length": nk.fractal_linelength(x)[0] * d.size / seconds, "slope": np.polyfit(np.arange(x.size) / rate, x, 1)[0],
        "hjorth_activity": hjorth["Activity"], "hjorth_mobility": hjorth["Mobility"], "hjorth_complexity": nk.complexity_hjorth(x)[0],
        "missing": 0.0,
    }


def spectrum(x, rate, segment):
    f, p = ss.welch(x, rate, nperseg=segment)
    step = f[1]
    above, power = f[1:], p[1:]
    cumulative = np.cumsum(power) / power.sum()
    centroid = (above * power).sum() / power.sum()
    out = {"total_power": power.sum() * step}
    for name, (low, high) in BANDS.items():
        inside = (above >= low) & (above < high)
        out[f"power_{name}"] = power[inside].sum() * step
        out[f"relative_power_{name}"] = power[inside].sum() / power.sum()
    out["spectral_entropy"] = nk.entropy_shannon(freq=power / power.sum())[0] / np.log2(power.size)
    out["spectral_edge"] = above[np.argmax(cumulative >= 0.95)]
    out["median_frequency"] = above[np.argmax(cumulative >= 0.5)]
    out["spectral_centroid"] = centroid
    out["spectral_spread"] = np.sqrt(((above - centroid) ** 2 * power).sum() / power.sum())
    out["peak_frequency"] = above[np.argmax(power)]
    return {"segment": segment, "density": numbers(p), "statistics": {k: number(v) for k, v in out.items()}}


def complexity(x):
    lengths = np.unique(np.exp(np.linspace(np.log(10), np.log(x.size // 10), 30)).astype(int))
    return {
        "lengths": lengths.tolist(),
        "sampleEntropy": [number(nk.entropy_sample(x, dimension=m, delay=d)[0]) for m, d in [(2, 1), (3, 1), (2, 3)]],
        "approximateEntropy": [number(nk.entropy_approximate(x, dimension=m, delay=d)[0]) for m, d in [(2, 1), (3, 1), (2, 3)]],
        "permutationEntropy": [number(nk.entropy_permutation(x, dimension=m, delay=d)[0]) for m, d in [(3, 1), (5, 1), (4, 2)]],
        "multiscale": [number(v) for v in nk.entropy_multiscale(x, scale=6, dimension=2)[1]["Value"]],
        "multiscaleIndex": number(nk.entropy_multiscale(x, scale=6, dimension=2)[0]),
        "higuchi": [number(nk.fractal_higuchi(x, k_max=k)[0]) for k in (5, 10, 37)],
        "katz": number(nk.fractal_katz(x)[0]),
        "dfa": number(nk.fractal_dfa(x, scale=lengths)[0]),
        "hurst": number(nk.fractal_hurst(x, scale=lengths)[0]),
        "lempelZiv": number(nk.complexity_lempelziv(x)[0]),
    }


def intervals():
    random = np.random.default_rng(3)
    count = 420
    beat = np.arange(count)
    ms = 850 + 60 * np.sin(2 * np.pi * 0.1 * 0.85 * beat) + 35 * np.sin(2 * np.pi * 0.26 * 0.85 * beat) + random.normal(0, 15, count)
    ms = np.round(ms)
    peaks = np.concatenate([[0], np.cumsum(ms)]).astype(int)
    hrv = nk.hrv_time(peaks, sampling_rate=1000).iloc[0]
    poincare = _hrv_nonlinear_poincare(ms, out={})
    end = peaks[1:] / 1000
    # Lomb and Scargle's, scaled to a density; the grid that src/imaging/features/signal/interval-spectrum.ts says
    span = end[-1] - end[0]
    step = 1 / (4 * span)
    f = (np.arange(int(0.4 / step) + 1) + 1) * step
    density = 2 * ss.lombscargle(end - end[0], ms - ms.mean(), 2 * np.pi * f) * span / (count - 1)
    grid = end[0] + np.arange(int(span * 4) + 1) / 4
    resampled = CubicSpline(end, ms, bc_type="natural")(grid)
    fw, pw = ss.welch(resampled, 4, nperseg=min(1024, grid.size))

    def bands(frequencies, power):
        out = {}
        for name, (low, high) in {"vlf_power": (0.0033, 0.04), "lf_power": (0.04, 0.15), "hf_power": (0.15, 0.4)}.items():
            inside = (frequencies >= low) & (frequencies < high)
            out[name] = np.trapezoid(power[inside], frequencies[inside])
        return {**{k: number(v) for k, v in out.items()}, "lf_hf": number(out["lf_power"] / out["hf_power"])}

    return {
        "ms": ms.tolist(),
        "time": {k: number(v) for k, v in {
            "rate": 60000 / ms.mean(), "mean_nn": hrv["HRV_MeanNN"], "sdnn": hrv["HRV_SDNN"], "rmssd": hrv["HRV_RMSSD"],
            "sdsd": hrv["HRV_SDSD"], "cvnn": hrv["HRV_CVNN"], "cvsd": hrv["HRV_CVSD"], "median_nn": hrv["HRV_MedianNN"],
            "mad_nn": hrv["HRV_MadNN"], "iqr_nn": hrv["HRV_IQRNN"], "minimum_nn": hrv["HRV_MinNN"],
            "maximum_nn": hrv["HRV_MaxNN"], "pnn20": hrv["HRV_pNN20"] / 100, "pnn50": hrv["HRV_pNN50"] / 100,
            "triangular_index": hrv["HRV_HTI"]}.items()},
        "nonlinear": {k: number(v) for k, v in {
            "sd1": poincare["SD1"], "sd2": poincare["SD2"], "sd1_sd2": poincare["SD1SD2"],
            "sample_entropy_nn": nk.entropy_sample(ms, dimension=2, tolerance=0.2 * np.std(ms, ddof=1))[0],
            "approximate_entropy_nn": nk.entropy_approximate(ms, dimension=2, tolerance=0.2 * np.std(ms, ddof=1))[0],
            "dfa_alpha1_nn": nk.fractal_dfa(ms, scale=np.arange(4, 17))[0]}.items()},
        "lombScargle": {"density": numbers(density[::9]), "bands": bands(f, density)},
        "welch": {"resampled": numbers(resampled[::50]), "bands": bands(fw, pw)},
    }


def simulated():
    """Curves in thousandths as whole numbers, and where NeuroKit2 finds their beats, pulses and breaths."""
    answers = {}
    ecg = nk.ecg_simulate(duration=40, sampling_rate=200, heart_rate=78, noise=0.05, random_state=5)
    answers["ecg"] = (200, ecg, nk.ecg_peaks(nk.ecg_clean(ecg, sampling_rate=200), sampling_rate=200)[1]["ECG_R_Peaks"])
    ppg = nk.ppg_simulate(duration=40, sampling_rate=50, heart_rate=66, random_state=6, random_state_distort=7)
    answers["pulse"] = (50, ppg, nk.ppg_findpeaks(nk.ppg_clean(ppg, sampling_rate=50), sampling_rate=50)["PPG_Peaks"])
    rsp = nk.rsp_simulate(duration=120, sampling_rate=25, respiratory_rate=16, noise=0.02, random_state=8, random_state_distort=9)
    answers["breath"] = (25, rsp, nk.rsp_findpeaks(nk.rsp_clean(rsp, sampling_rate=25), sampling_rate=25)["RSP_Peaks"])
    return {kind: {"rate": rate, "thousandths": np.rint(x * 1000).astype(int).tolist(), "peaks": np.asarray(peaks).astype(int).tolist()}
            for kind, (rate, x, peaks) in answers.items()}


def filtered():
    x = signals()["mixed"]
    sos = np.vstack([ss.butter(2, 2.5, "highpass", fs=100, output="sos"), ss.butter(2, 17, "lowpass", fs=100, output="sos")])
    return {"padding": 120, "values": numbers(ss.sosfiltfilt(sos, x, padlen=120)[::7])}


RATE = 100
learning_fixture.write(
    "signal-features/peers.json", "signal_features.py", f"neurokit2 {nk.__version__}, scipy {scipy.__version__}",
    {"rate": RATE,
     "signals": {name: {"samples": x.tolist(), "time": {k: number(v) for k, v in in_time(x, RATE).items()},
                        "spectra": [spectrum(x, RATE, s) for s in (400, 125, 256)], "complexity": complexity(x)}
                 for name, x in signals().items()},
     "intervals": intervals(), "simulated": simulated(), "filtered": filtered()})
