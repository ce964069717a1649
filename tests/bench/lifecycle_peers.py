"""BG/NBD and BG/BB fits by lifetimes on the data that bench_lifecycle fits. Prints `name value` lines.

Arguments: the built bench_lifecycle, and the folder of the public data sets. Runs the bench itself, prints its lines, and
then the peer's with the ratios, so that both are timed in one run. Needs lifetimes (0.11.3) with numpy, pandas, scipy.
"""

import statistics
import subprocess
import sys
import time
import warnings

warnings.filterwarnings("ignore")  # lifetimes warns of pandas' and autograd's future

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from lifetimes import BetaGeoBetaBinomFitter, BetaGeoFitter  # noqa: E402


def median_ms(work, rounds=7):
    """The median of a few runs after one to warm up, in milliseconds, and the last result."""
    work()
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        times.append((time.perf_counter() - start) * 1e3)
    return statistics.median(times), result


def main():
    bench, data = sys.argv[1], sys.argv[2]
    out = subprocess.run([bench, data], check=True, capture_output=True, text=True).stdout
    print(out, end="")
    own = {name: float(value) for name, value in (line.split() for line in out.splitlines())}

    people = pd.read_csv(f"{data}/cdnow/cdnow_customers_summary.csv")
    ms, fitted = median_ms(lambda: BetaGeoFitter().fit(people["frequency"], people["recency"], people["T"]))
    for name in ("r", "alpha", "a", "b"):
        ours, theirs = own[f"bgnbd_{name}"], float(fitted.params_[name])
        assert abs(ours - theirs) < 1e-4 * theirs, f"the fits disagree in {name}: {ours}, {theirs}"
    print(f"bgnbd_lifetimes_fit_ms {ms:.2f}")
    print(f"bgnbd_fit_ratio_to_lifetimes {ms / own['bgnbd_fit_ms']:.1f}")

    # One million people, the same rows over and over, for a rate; the expectation costs the same for each row.
    many = people.iloc[np.arange(1_000_000) % len(people)]
    start = time.perf_counter()
    fitted.conditional_expected_number_of_purchases_up_to_time(52, many["frequency"], many["recency"], many["T"])
    seconds = time.perf_counter() - start
    print(f"bgnbd_lifetimes_expected_1m_seconds {seconds:.3f}")
    print(f"bgnbd_expected_ratio_to_lifetimes {seconds / own['bgnbd_expected_1m_seconds']:.1f}")

    cells = pd.read_csv(f"{data}/donations-bgbb/donations.csv")
    ms, fitted = median_ms(lambda: BetaGeoBetaBinomFitter().fit(
        cells["frequency"], cells["recency"], cells["periods"], cells["weights"]))
    for name in ("alpha", "beta", "gamma", "delta"):
        ours, theirs = own[f"bgbb_{name}"], float(fitted.params_[name])
        assert abs(ours - theirs) < 1e-3 * theirs, f"the fits disagree in {name}: {ours}, {theirs}"
    print(f"bgbb_lifetimes_fit_ms {ms:.2f}")
    print(f"bgbb_fit_ratio_to_lifetimes {ms / own['bgbb_fit_ms']:.1f}")


if __name__ == "__main__":
    main()
