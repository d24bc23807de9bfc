-- What has not ended, and who runs it. Beside the interactions, because it changes
-- often and they are long.

CREATE TABLE runs (
    key INTEGER PRIMARY KEY REFERENCES interactions (key) ON DELETE CASCADE,
    -- The interaction's.
    id TEXT NOT NULL,
    -- How often it was claimed; only the last one's holder may write.
    epoch INTEGER NOT NULL,
    -- Which process runs it, and until when (seconds since 1970, UTC) it does so in any
    -- case; `processes` may say for how much longer. NULL: nobody does. It waits, or
    -- else another server makes it.
    process TEXT,
    deadline REAL,
    -- Its turn, while it waits, and whose it takes.
    turn INTEGER,
    caller TEXT,
    -- What is asked of who runs it: 1 to cancel it, 2 to have its events logged.
    wishes INTEGER NOT NULL DEFAULT 0,
    -- How many processes have lost it since it was last written.
    losses INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE INDEX runs_by_process ON runs (process) WHERE process IS NOT NULL;

CREATE INDEX runs_by_turn ON runs (turn) WHERE turn IS NOT NULL;

CREATE INDEX runs_by_caller ON runs (caller, turn) WHERE turn IS NOT NULL;

-- How long a process is believed to run what it has claimed.
CREATE TABLE processes (
    process TEXT PRIMARY KEY,
    deadline REAL NOT NULL
) STRICT, WITHOUT ROWID;

-- What other servers make had a deadline that never comes.
INSERT INTO runs (key, id, epoch, process, deadline)
SELECT key, id, 0, iif(deadline > 1e300, NULL, ''), iif(deadline > 1e300, NULL, deadline)
FROM interactions
WHERE deadline IS NOT NULL;

DROP INDEX interactions_by_deadline;

ALTER TABLE interactions DROP COLUMN process;

ALTER TABLE interactions DROP COLUMN epoch;

ALTER TABLE interactions DROP COLUMN deadline;
