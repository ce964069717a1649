R"sql(
-- Schema 1 of a journal. Instants are milliseconds since 1970-01-01T00:00:00Z, hashes BLAKE2b-256.

-- Words of the vocabularies. `vocabulary` is the index in model::Symbols::for_each, `number` the symbol's number.
CREATE TABLE symbol (
    vocabulary INTEGER NOT NULL,
    number INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (vocabulary, number)
) WITHOUT ROWID;

CREATE TABLE person (
    id INTEGER PRIMARY KEY,
    first_mentioned_at INTEGER NOT NULL
);

-- The key of a person's commitments. An erased person has none.
CREATE TABLE person_key (
    person INTEGER PRIMARY KEY REFERENCES person (id),
    key BLOB NOT NULL
);

CREATE TABLE external_key (
    system INTEGER NOT NULL,
    key BLOB NOT NULL,
    person INTEGER NOT NULL REFERENCES person (id),
    PRIMARY KEY (system, key)
) WITHOUT ROWID;
CREATE INDEX external_key_by_person ON external_key (person);

CREATE TABLE organisation (
    id INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL,
    name TEXT NOT NULL
);

CREATE TABLE organisation_key (
    system INTEGER NOT NULL,
    key BLOB NOT NULL,
    organisation INTEGER NOT NULL REFERENCES organisation (id),
    PRIMARY KEY (system, key)
) WITHOUT ROWID;

-- The primary key is a fact's identity and keeps one person's facts together. No reference to person: the writer has
-- looked the person's key up before, so SQLite need not do it again for each row.
CREATE TABLE fact (
    person INTEGER NOT NULL,
    source INTEGER NOT NULL,
    key BLOB NOT NULL,
    at INTEGER NOT NULL,
    known_at INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    kind INTEGER NOT NULL,
    payload BLOB NOT NULL,
    commitment BLOB NOT NULL,
    PRIMARY KEY (person, source, key)
) WITHOUT ROWID;
CREATE UNIQUE INDEX fact_by_seq ON fact (seq);

-- The audit chain, and the zone map for reading by time.
CREATE TABLE block (
    first_seq INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    min_at INTEGER NOT NULL,
    max_at INTEGER NOT NULL,
    min_known_at INTEGER NOT NULL,
    max_known_at INTEGER NOT NULL,
    hash BLOB NOT NULL
);

-- What is left of an erased fact, so that the chain stays verifiable.
CREATE TABLE erased_commitment (
    seq INTEGER PRIMARY KEY,
    commitment BLOB NOT NULL
);

CREATE TABLE playbook (
    hash BLOB PRIMARY KEY,
    bytes BLOB NOT NULL,
    recorded_at INTEGER NOT NULL
);

CREATE TABLE snapshot (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    seq INTEGER NOT NULL,
    chunk_count INTEGER NOT NULL,
    header BLOB NOT NULL,
    hash BLOB NOT NULL
);

CREATE TABLE snapshot_chunk (
    snapshot INTEGER NOT NULL REFERENCES snapshot (id),
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    bytes BLOB NOT NULL,
    UNIQUE (snapshot, number)
);
)sql"
