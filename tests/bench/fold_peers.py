"""The decayed sums of bench_fold's rows by DuckDB and polars: two threads, all in memory. Prints `name value` lines.

The peers are given the weight of each row ready-made and compute three decayed sums per person; alloquy looks the
weights up, computes the same three sums and folds reachability too.
"""

import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"

import duckdb  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import pyarrow as pa  # noqa: E402

DAY = 86_400_000.0
NOW = 1_600_000_000_000 + 2 * 365 * 86_400_000
HALF_LIVES = (7, 30, 180)


def best(work, rounds=3):
    """The shortest of a few runs, in seconds, and the last result."""
    shortest = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        result = work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest, result


def main():
    folder, own_seconds = sys.argv[1], float(sys.argv[2])
    person = np.fromfile(f"{folder}/person.u32", dtype=np.uint32)
    at = np.fromfile(f"{folder}/at.i64", dtype=np.int64)
    weight = np.fromfile(f"{folder}/weight.f64", dtype=np.float64)

    frame = pl.DataFrame({"person": person, "at": at, "weight": weight})
    age = (pl.col("at") - NOW) / DAY
    sums = [(pl.col("weight") * (age * (np.log(2) / h)).exp()).sum().alias(f"s{h}") for h in HALF_LIVES]
    polars_seconds, by_polars = best(lambda: frame.lazy().group_by("person").agg(sums).collect())

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    rows = pa.table({"person": person, "at": at, "weight": weight})
    connection.register("arrow_rows", rows)
    connection.execute("CREATE TABLE rows AS SELECT * FROM arrow_rows")
    columns = ", ".join(f"sum(weight * exp((at - {NOW}) / {DAY} * {np.log(2) / h!r})) AS s{h}" for h in HALF_LIVES)
    query = f"SELECT person, {columns} FROM rows GROUP BY person"
    duckdb_seconds, by_duckdb = best(lambda: connection.execute(query).arrow())

    total = by_polars["s30"].sum()
    other = float(np.sum(by_duckdb.read_all()["s30"].to_numpy() if hasattr(by_duckdb, "read_all")
                         else by_duckdb["s30"].to_numpy()))
    assert abs(total - other) < 1e-6 * total, "the peers disagree"
    print(f"fold_peers_sum_30 {total:.6f}")
    print(f"fold_polars_seconds {polars_seconds:.3f}")
    print(f"fold_duckdb_seconds {duckdb_seconds:.3f}")
    print(f"fold_ratio_to_polars {polars_seconds / own_seconds:.2f}")
    print(f"fold_ratio_to_duckdb {duckdb_seconds / own_seconds:.2f}")


if __name__ == "__main__":
    main()
