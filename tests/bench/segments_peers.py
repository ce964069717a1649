"""The fifty conditions of bench_segments by DuckDB: two threads, all in memory. Prints `name value` lines.

Raw: one query over 100 million interactions and a million people, each interaction looked at once. Columns: the counts and
latest instants were computed beforehand and lie beside the people; what that costs is printed. Both write a table with one
truth value for each person and condition, and their counts are compared with alloquy's.
"""

import sys
import time

import duckdb
import numpy as np
import pyarrow as pa

ACTS = ["sent", "delivered", "bounced", "opened", "clicked", "replied", "visited", "submitted", "called", "answered",
        "missed", "attended", "absent", "posted", "mentioned", "donated"]
NOW = 1_600_000_000_000 + 365 * 86_400_000


def best(work, rounds=3):
    """The shortest of a few runs, in seconds."""
    shortest = float("inf")
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        shortest = min(shortest, time.perf_counter() - start)
    return shortest


def main():
    folder, own_seconds = sys.argv[1], float(sys.argv[2])
    lines = [line.rstrip("\n").split("\t") for line in open(f"{folder}/conditions.tsv")]
    counts = [(line[0], line[1]) for line in lines if line[0].startswith("n")]
    conditions = [(line[0], line[1], int(line[2])) for line in lines if line[0].startswith("c")]

    connection = duckdb.connect()
    connection.execute("SET threads = 2")
    connection.execute("SET preserve_insertion_order = false")
    types = {"person": "u32", "at_ms": "i64", "channel": "u8", "topic": "u8", "act": "u8", "direction": "u8", "quantity": "u8"}
    dtypes = {"u32": np.uint32, "i64": np.int64, "u8": np.uint8}
    rows = pa.table({name: np.memmap(f"{folder}/{name}.{kind}", dtype=dtypes[kind]) for name, kind in types.items()})
    connection.register("arrow_rows", rows)
    act_type = ", ".join(f"'{act}'" for act in ACTS)
    connection.execute(f"CREATE TYPE act AS ENUM ({act_type})")
    connection.execute("CREATE TYPE direction AS ENUM ('inbound', 'outbound')")
    acts = "CASE act " + " ".join(f"WHEN {i} THEN '{act}'" for i, act in enumerate(ACTS)) + " END::act"
    connection.execute(f"""CREATE TABLE interactions AS SELECT person, at_ms, channel, topic, {acts} AS act,
        (CASE direction WHEN 0 THEN 'inbound' ELSE 'outbound' END)::direction AS direction, quantity FROM arrow_rows""")
    connection.unregister("arrow_rows")
    del rows
    connection.execute("CREATE TYPE role AS ENUM ('student', 'alumnus', 'prospect')")
    connection.execute(f"""CREATE TABLE people AS SELECT person, role::role AS role, programme, site, region, language, age,
        enrolled::DATE AS enrolled, newsletter FROM read_csv('{folder}/people.csv', header = true)""")

    aggregates = ", ".join(f"count(*) FILTER (WHERE {where}) AS {name}" for name, where in counts)
    aggregated = f"""SELECT person, {aggregates},
        max(at_ms) FILTER (WHERE direction = 'inbound') AS last_inbound,
        max(at_ms) FILTER (WHERE act = 'replied') AS last_reply FROM interactions GROUP BY person"""
    day = time.strftime("%Y-%m-%d", time.gmtime(NOW / 1000))
    names = ", ".join(name for name, _ in counts)
    # Later conditions name earlier ones: DuckDB lets a select list do so.
    truths = ", ".join(f"coalesce({sql}, false) AS {name}" for name, sql, _ in conditions)

    def ask(columns):
        connection.execute(f"""CREATE OR REPLACE TABLE members AS SELECT person, {truths} FROM (
            SELECT *, {NOW}::BIGINT AS now, DATE '{day}' AS today FROM {columns})""")

    def check(what):
        found = connection.execute("SELECT " + ", ".join(f"count(*) FILTER (WHERE {name})" for name, _, _ in conditions)
                                   + " FROM members").fetchone()
        for (name, sql, own), other in zip(conditions, found):
            assert own == other, f"{what}: {name} ({sql}): {own} and {other} members"

    raw = best(lambda: ask(f"people LEFT JOIN ({aggregated}) USING (person)"))
    check("raw")
    start = time.perf_counter()
    zero = ", ".join(f"coalesce({name}, 0) AS {name}" for name, _ in counts)
    connection.execute(f"""CREATE TABLE columns AS SELECT people.*, {zero}, last_inbound, last_reply
        FROM people LEFT JOIN ({aggregated}) USING (person)""")
    precomputing = time.perf_counter() - start
    columns = best(lambda: ask("columns"))
    check("columns")
    assert names
    print(f"segments_duckdb_seconds {raw:.3f}")
    print(f"segments_ratio_to_duckdb {raw / own_seconds:.2f}")
    print(f"segments_duckdb_columns_precomputing_seconds {precomputing:.3f}")
    print(f"segments_duckdb_columns_seconds {columns:.3f}")
    print(f"segments_ratio_to_duckdb_columns {columns / own_seconds:.2f}")


if __name__ == "__main__":
    main()
