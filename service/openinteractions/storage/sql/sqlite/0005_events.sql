-- The live events of running interactions, for readers in other processes. They go
-- when the interaction has ended, or with it.

CREATE TABLE events (
    key INTEGER PRIMARY KEY,
    interaction INTEGER NOT NULL REFERENCES interactions (key) ON DELETE CASCADE,
    -- Which claim of the interaction its writer held.
    epoch INTEGER NOT NULL,
    -- Which batch of that claim it is.
    number INTEGER NOT NULL,
    -- Whether it has all events so far: those before it are then gone.
    whole INTEGER NOT NULL,
    -- Each event with its length before it.
    events BLOB NOT NULL,
    UNIQUE (interaction, epoch, number)
) STRICT;
