-- Which attempts made the steps of an interaction, as text (`core.attempts`). NULL
-- where there was only one.

ALTER TABLE interactions ADD COLUMN attempts TEXT;
