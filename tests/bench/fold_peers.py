"""The decayed sums of bench_fold's rows by DuckDB and polars: two threads, all in memory. Prints `name value` lines.

From the raw rows (person, day, kind, quantity): what one kind of act weighs is looked up, the acts of one kind on one day
saturate as log2(1 + effort), and the days decay with three half-lives. alloquy folds reachability and lifecycle in the
same time.
"""

import os
import sys
import time

os.environ["POLARS_MAX_THREADS"] = "2"

import duckdb  # noqa: E402
import numpy as np  # noqa: E402
import polars as pl  # noqa: E402
import pyarrow as pa  # noqa: E402

NOW = 1_600_000_000_000 // 86_400_000 + 2 * 365
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
    read = {"person": np.uint32, "day": np.int32, "kind": np.uint16, "quantity": np.uint16}
    ending = {np.uint32: "u32", np.int32: "i32", np.uint16: "u16"}
    columns = {name: np.fromfile(f"{folder}/{name}.{ending[kind]}", dtype=kind) for name, kind in read.items()}

    kinds = pl.read_csv(f"{folder}/kinds.csv",
                        schema={"kind": pl.UInt16, "act": pl.UInt8, "act_weight": pl.Float64, "effort": pl.Float64})
    kinds = kinds.filter((pl.col("effort") > 0) & (pl.col("act_weight") > 0))
    frame = pl.DataFrame(columns)
    by_day = (frame.lazy().join(kinds.lazy(), on="kind").group_by("person", "day", "act")
              .agg((pl.col("effort") * pl.col("quantity")).sum(), pl.col("act_weight").first())
              .with_columns((pl.col("act_weight") * (pl.col("effort") + 1).log(2)).alias("weight"),
                            (pl.col("day") - NOW).alias("age")))
    decayed = [(pl.col("weight") * (pl.col("age") * (np.log(2) / h)).exp()).sum().alias(f"s{h}") for h in HALF_LIVES]
    polars_seconds, by_polars = best(lambda: by_day.group_by("person").agg(decayed).collect())

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.register("arrow_rows", pa.table(columns))
    connection.execute("CREATE TABLE rows AS SELECT * FROM arrow_rows")
    connection.execute(f"CREATE TABLE kinds AS SELECT * FROM read_csv('{folder}/kinds.csv') "
                       "WHERE effort > 0 AND act_weight > 0")
    terms = ", ".join(f"sum(weight * exp((day - {NOW}) * CAST({float(np.log(2) / h)!r} AS DOUBLE))) AS s{h}" for h in HALF_LIVES)
    duckdb_seconds, by_duckdb = best(lambda: connection.execute(f"""
        SELECT person, {terms} FROM (
            SELECT person, day, act, any_value(act_weight) * log2(1 + sum(effort * quantity)) AS weight
            FROM rows JOIN kinds USING (kind) GROUP BY person, day, act) GROUP BY person""").fetchnumpy())

    total = by_polars["s30"].sum()
    other = float(np.sum(by_duckdb["s30"]))
    own = float(sys.argv[3])
    assert abs(total - other) < 1e-6 * total and abs(total - own) < 1e-6 * total, f"{total} {other} {own} disagree"
    for name, seconds in (("polars", polars_seconds), ("duckdb", duckdb_seconds)):
        print(f"fold_{name}_seconds {seconds:.3f}")
        print(f"fold_ratio_to_{name} {seconds / own_seconds:.2f}")


if __name__ == "__main__":
    main()
