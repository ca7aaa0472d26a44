-- The times in which somebody of the desk looked after a customer.
CREATE TABLE acting (
  id                    UUID PRIMARY KEY NOT NULL,
  account_id            UUID NOT NULL REFERENCES accounts(id),
  name                  TEXT NOT NULL,
  org_id                UUID NOT NULL,
  reason                TEXT NOT NULL,
  ticket                TEXT NOT NULL,
  started_at            BIGINT NOT NULL,
  ends_at               BIGINT NOT NULL,
  ended_at              BIGINT
);
CREATE INDEX acting_by_org ON acting (org_id, started_at);
CREATE INDEX acting_by_account ON acting (account_id);

-- What a caller reads out to the desk, once, to show who they are.
CREATE TABLE caller_codes (
  account_id            UUID PRIMARY KEY NOT NULL REFERENCES accounts(id),
  digest                BYTEA NOT NULL,
  expires_at            BIGINT NOT NULL,
  tries                 BIGINT NOT NULL DEFAULT 0,
  used_at               BIGINT
);
