R"sql(
-- Schema 2 adds the versions of learned models. Rows are only ever added.

CREATE TABLE model (
    name TEXT NOT NULL,
    version INTEGER NOT NULL,  -- 1, 2, ... of this name
    seq INTEGER NOT NULL,
    made_at INTEGER NOT NULL,
    playbook BLOB NOT NULL REFERENCES playbook (hash),
    hash BLOB NOT NULL,  -- of the bytes
    record_hash BLOB NOT NULL,  -- of all other columns; see models.cpp
    bytes BLOB NOT NULL,  -- last, so that a listing never reads its pages
    PRIMARY KEY (name, version)
);
)sql"
