"""The decayed sums of bench_fold's rows by DuckDB and polars: two threads, all in memory. Prints `name value` lines.

From the raw rows (kind, quantity), with the weight of a kind looked up and multiplied by log2(1 + quantity), as alloquy
does, which folds reachability in the same time; and, as `..._ready_weights`, from rows whose weight is given.
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

    kind = np.fromfile(f"{folder}/kind.u16", dtype=np.uint16)
    quantity = np.fromfile(f"{folder}/quantity.u16", dtype=np.uint16)
    columns = {"person": person, "at_ms": at, "kind": kind, "quantity": quantity, "weight": weight}

    kinds = pl.read_csv(f"{folder}/kinds.csv", schema={"kind": pl.UInt16, "kind_weight": pl.Float64})
    frame = pl.DataFrame(columns)
    age = (pl.col("at_ms") - NOW) / DAY
    looked_up = pl.col("kind_weight") * (pl.col("quantity").cast(pl.Float64) + 1).log(2)

    def sums(of):
        return [(of * (age * (np.log(2) / h)).exp()).sum().alias(f"s{h}") for h in HALF_LIVES]

    polars_ready, _ = best(lambda: frame.lazy().group_by("person").agg(sums(pl.col("weight"))).collect())
    polars_raw, by_polars = best(
        lambda: frame.lazy().join(kinds.lazy(), on="kind").group_by("person").agg(sums(looked_up)).collect())

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("arrow_rows", pa.table(columns))
    connection.execute("CREATE TABLE rows AS SELECT * FROM arrow_rows")
    connection.execute(f"CREATE TABLE kinds AS SELECT * FROM read_csv('{folder}/kinds.csv')")

    def query(of, source):
        terms = ", ".join(
            f"sum({of} * exp((at_ms - {NOW}) / {DAY} * {float(np.log(2) / h)!r})) AS s{h}" for h in HALF_LIVES)
        return f"SELECT person, {terms} FROM {source} GROUP BY person"

    duckdb_ready, _ = best(lambda: connection.execute(query("weight", "rows")).fetchnumpy())
    duckdb_raw, by_duckdb = best(lambda: connection.execute(
        query("kind_weight * log2(1 + quantity)", "rows JOIN kinds USING (kind)")).fetchnumpy())

    total = by_polars["s30"].sum()
    other = float(np.sum(by_duckdb["s30"]))
    given = float(np.sum(weight * np.exp2((at - NOW) / DAY / 30)))
    assert abs(total - other) < 1e-6 * total and abs(total - given) < 1e-6 * total, "the peers disagree"
    for name, seconds in (("polars", polars_raw), ("duckdb", duckdb_raw), ("polars_ready_weights", polars_ready),
                          ("duckdb_ready_weights", duckdb_ready)):
        print(f"fold_{name}_seconds {seconds:.3f}")
        print(f"fold_ratio_to_{name} {seconds / own_seconds:.2f}")


if __name__ == "__main__":
    main()
