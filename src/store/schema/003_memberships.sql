R"sql(
-- Schema 3 adds the versions of segments and the changes of membership. Rows are only ever added; but the mark is
-- replaced, and a person's rows are deleted when the person is erased.

CREATE TABLE segment_version (
    id INTEGER PRIMARY KEY,  -- 1, 2, ... in the order of recording
    name TEXT NOT NULL,
    version INTEGER NOT NULL,  -- 1, 2, ... of this name
    condition TEXT NOT NULL,  -- empty: the segment was taken out
    in_force INTEGER NOT NULL,
    record_hash BLOB NOT NULL,  -- of all other columns; see memberships.cpp
    UNIQUE (name, version)
);

-- No references, as in the table fact: the writer has looked person and segment version up before. Whole numbers take
-- as many bytes as their value needs, 0 and 1 none, so a row is kept to small ones.
CREATE TABLE membership (
    number INTEGER PRIMARY KEY,
    person INTEGER NOT NULL,
    segment INTEGER NOT NULL,  -- segment_version.id
    change INTEGER NOT NULL,  -- step + 2 * retracted + 4 * cause
    at INTEGER NOT NULL,
    delay INTEGER NOT NULL  -- known_at - at, milliseconds
);
CREATE INDEX membership_by_person ON membership (person);

-- The audit chain: one block for each call that recorded changes.
CREATE TABLE membership_block (
    first_number INTEGER PRIMARY KEY,
    last_number INTEGER NOT NULL,
    hash BLOB NOT NULL
);

-- What is left of an erased change, so that the chain stays verifiable.
CREATE TABLE erased_membership (
    number INTEGER PRIMARY KEY,
    commitment BLOB NOT NULL
);

-- One row, or none before the first call.
CREATE TABLE membership_mark (
    id INTEGER PRIMARY KEY CHECK (id = 1),
    clock INTEGER NOT NULL,
    seq INTEGER NOT NULL,
    head BLOB NOT NULL,  -- hash of the last block
    hash BLOB NOT NULL  -- of the columns above; see memberships.cpp
);
)sql"
