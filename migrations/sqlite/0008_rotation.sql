-- Which token took the place of this one, whose end was brought forward for it.

ALTER TABLE tokens ADD COLUMN successor BLOB REFERENCES tokens(id);
CREATE INDEX tokens_by_successor ON tokens (successor) WHERE successor IS NOT NULL;
