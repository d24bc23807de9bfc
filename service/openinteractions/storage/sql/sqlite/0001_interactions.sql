-- Interactions, and what each of them continues.

CREATE TABLE interactions (
    key INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    -- Hash of the key that created it; empty without authentication.
    owner TEXT NOT NULL,
    -- The interaction that it continues, among those that still exist.
    context_parent INTEGER REFERENCES interactions (key),
    -- A number of InteractionStatus.
    status INTEGER NOT NULL,
    -- Whole seconds since 1970, UTC.
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    -- While it runs: which process runs it, in which life of that process, and until
    -- when (seconds since 1970) it counts as alive unless that is moved. NULL at the
    -- end.
    process TEXT,
    epoch INTEGER NOT NULL DEFAULT 0,
    deadline REAL,
    -- The Interaction without its steps and long echoes: an entry of the list. It
    -- comes before what is long, because the way to a column is through the others.
    head BLOB NOT NULL,
    -- A CreateInteractionRequest.
    request BLOB NOT NULL,
    -- An Interaction with the steps of its output.
    interaction BLOB NOT NULL
) STRICT;

CREATE INDEX interactions_by_owner ON interactions (owner, id);

CREATE INDEX interactions_by_context_parent ON interactions (context_parent)
WHERE context_parent IS NOT NULL;

CREATE INDEX interactions_by_deadline ON interactions (deadline)
WHERE deadline IS NOT NULL;
