-- Times are microseconds since the epoch. A NULL limit or quota means unlimited. An org's path ends with a slash, so that
-- "inside this subtree" is a range on an index. The same names, in the same order, stand in migrations/sqlite.

CREATE TABLE orgs (
  id                    UUID PRIMARY KEY NOT NULL,
  parent_id             UUID REFERENCES orgs(id),
  path                  TEXT COLLATE "C" NOT NULL UNIQUE,
  kind                  TEXT COLLATE "C" NOT NULL CHECK (kind IN ('provider', 'reseller', 'customer')),
  name                  TEXT COLLATE "C" NOT NULL,
  contact               TEXT COLLATE "C" NOT NULL DEFAULT '',
  external_id           TEXT COLLATE "C",
  max_domains           BIGINT CHECK (max_domains >= 0),
  max_mailboxes         BIGINT CHECK (max_mailboxes >= 0),
  max_aliases           BIGINT CHECK (max_aliases >= 0),
  max_quota_bytes       BIGINT CHECK (max_quota_bytes >= 0),
  max_mailbox_bytes     BIGINT CHECK (max_mailbox_bytes >= 0),
  used_domains          BIGINT NOT NULL DEFAULT 0 CHECK (used_domains >= 0),
  used_mailboxes        BIGINT NOT NULL DEFAULT 0 CHECK (used_mailboxes >= 0),
  used_aliases          BIGINT NOT NULL DEFAULT 0 CHECK (used_aliases >= 0),
  used_quota_bytes      BIGINT NOT NULL DEFAULT 0 CHECK (used_quota_bytes >= 0),
  used_unlimited        BIGINT NOT NULL DEFAULT 0 CHECK (used_unlimited >= 0),
  suspended_at          BIGINT,
  suspended_reason      TEXT COLLATE "C",
  version               BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL,
  deleted_at            BIGINT,
  purge_at              BIGINT
);
CREATE INDEX orgs_page ON orgs (name, id) WHERE deleted_at IS NULL;

CREATE TABLE domains (
  id                    UUID PRIMARY KEY NOT NULL,
  org_id                UUID NOT NULL REFERENCES orgs(id),
  org_path              TEXT COLLATE "C" NOT NULL,
  name                  TEXT COLLATE "C" NOT NULL,
  note                  TEXT COLLATE "C" NOT NULL DEFAULT '',
  external_id           TEXT COLLATE "C",
  default_quota_bytes   BIGINT CHECK (default_quota_bytes >= 0),
  max_mailboxes         BIGINT CHECK (max_mailboxes >= 0),
  max_aliases           BIGINT CHECK (max_aliases >= 0),
  max_quota_bytes       BIGINT CHECK (max_quota_bytes >= 0),
  max_mailbox_bytes     BIGINT CHECK (max_mailbox_bytes >= 0),
  used_mailboxes        BIGINT NOT NULL DEFAULT 0 CHECK (used_mailboxes >= 0),
  used_aliases          BIGINT NOT NULL DEFAULT 0 CHECK (used_aliases >= 0),
  used_quota_bytes      BIGINT NOT NULL DEFAULT 0 CHECK (used_quota_bytes >= 0),
  used_unlimited        BIGINT NOT NULL DEFAULT 0 CHECK (used_unlimited >= 0),
  suspended_at          BIGINT,
  suspended_reason      TEXT COLLATE "C",
  org_suspended         BOOLEAN NOT NULL DEFAULT FALSE,
  version               BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL,
  deleted_at            BIGINT,
  purge_at              BIGINT
);
CREATE INDEX domains_page ON domains (org_path, name);
CREATE INDEX domains_by_name ON domains (name) WHERE deleted_at IS NULL;

-- Every name that is spoken for: domains and domain aliases, in use or in the bin. One row, one owner.
CREATE TABLE domain_names (
  name                  TEXT COLLATE "C" PRIMARY KEY NOT NULL,
  domain_id             UUID NOT NULL REFERENCES domains(id),
  alias_id              UUID UNIQUE,
  version               BIGINT NOT NULL DEFAULT 1,
  created_at            BIGINT NOT NULL
);
CREATE INDEX domain_names_by_domain ON domain_names (domain_id, name);

CREATE TABLE nodes (
  id                    UUID PRIMARY KEY NOT NULL,
  name                  TEXT COLLATE "C" NOT NULL UNIQUE,
  host                  TEXT COLLATE "C" NOT NULL,
  imap_port             BIGINT NOT NULL,
  pop3_port             BIGINT NOT NULL,
  sieve_port            BIGINT NOT NULL,
  lmtp_port             BIGINT NOT NULL,
  state                 TEXT COLLATE "C" NOT NULL CHECK (state IN ('up', 'drain', 'down')),
  placed                BIGINT NOT NULL DEFAULT 0,
  version               BIGINT NOT NULL
);

CREATE TABLE mailboxes (
  id                    UUID PRIMARY KEY NOT NULL,
  domain_id             UUID NOT NULL REFERENCES domains(id),
  org_id                UUID NOT NULL REFERENCES orgs(id),
  org_path              TEXT COLLATE "C" NOT NULL,
  domain                TEXT COLLATE "C" NOT NULL,
  local_part            TEXT COLLATE "C" NOT NULL,
  display_name          TEXT COLLATE "C" NOT NULL,
  password_hash         TEXT COLLATE "C",
  quota_bytes           BIGINT CHECK (quota_bytes >= 0),
  imap                  BOOLEAN NOT NULL,
  pop3                  BOOLEAN NOT NULL,
  smtp                  BOOLEAN NOT NULL,
  sieve                 BOOLEAN NOT NULL,
  webmail               BOOLEAN NOT NULL,
  node                  TEXT COLLATE "C" NOT NULL,
  storage               TEXT COLLATE "C" NOT NULL UNIQUE,
  external_id           TEXT COLLATE "C",
  labels                TEXT COLLATE "C" NOT NULL,
  suspended_at          BIGINT,
  suspended_reason      TEXT COLLATE "C",
  suspended_receive     BOOLEAN NOT NULL DEFAULT TRUE,
  suspended_until       BIGINT,
  forward_to            TEXT COLLATE "C",
  forward_keep          BOOLEAN NOT NULL DEFAULT TRUE,
  forward_until         BIGINT,
  usage_bytes           BIGINT,
  usage_messages        BIGINT,
  usage_as_of           BIGINT,
  last_login_at         BIGINT,
  fullness              BIGINT NOT NULL DEFAULT 0,
  version               BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL,
  deleted_at            BIGINT,
  purge_at              BIGINT,
  deleted_with          UUID
);
CREATE INDEX mailboxes_page ON mailboxes (org_path, domain, local_part) WHERE deleted_at IS NULL;
CREATE INDEX mailboxes_full ON mailboxes (domain_id, fullness DESC, id) WHERE deleted_at IS NULL AND fullness >= 800;
CREATE INDEX mailboxes_suspended ON mailboxes (org_path, domain, local_part) WHERE deleted_at IS NULL AND suspended_at IS NOT NULL;
CREATE INDEX mailboxes_bin ON mailboxes (org_path, domain, local_part, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX mailboxes_purge ON mailboxes (purge_at) WHERE purge_at IS NOT NULL;
CREATE INDEX mailboxes_due ON mailboxes (forward_until) WHERE forward_until IS NOT NULL;
CREATE INDEX mailboxes_resume ON mailboxes (suspended_until) WHERE suspended_until IS NOT NULL;

CREATE TABLE aliases (
  id                    UUID PRIMARY KEY NOT NULL,
  domain_id             UUID NOT NULL REFERENCES domains(id),
  org_id                UUID NOT NULL REFERENCES orgs(id),
  org_path              TEXT COLLATE "C" NOT NULL,
  domain                TEXT COLLATE "C" NOT NULL,
  local_part            TEXT COLLATE "C" NOT NULL,
  description           TEXT COLLATE "C" NOT NULL,
  enabled               BOOLEAN NOT NULL,
  external_id           TEXT COLLATE "C",
  version               BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL,
  deleted_at            BIGINT,
  purge_at              BIGINT,
  deleted_with          UUID
);
CREATE INDEX aliases_page ON aliases (org_path, domain, local_part) WHERE deleted_at IS NULL;
CREATE INDEX aliases_bin ON aliases (org_path, domain, local_part, id) WHERE deleted_at IS NOT NULL;
CREATE INDEX aliases_purge ON aliases (purge_at) WHERE purge_at IS NOT NULL;

CREATE TABLE alias_destinations (
  alias_id              UUID NOT NULL REFERENCES aliases(id) ON DELETE CASCADE,
  destination           TEXT COLLATE "C" NOT NULL,
  PRIMARY KEY (alias_id, destination)
);
CREATE INDEX alias_destinations_by_destination ON alias_destinations (destination);

-- Every address in use, once: a mailbox, an alias or (with an empty local part) a catch-all.
CREATE TABLE addresses (
  domain                TEXT COLLATE "C" NOT NULL,
  local_part            TEXT COLLATE "C" NOT NULL,
  kind                  TEXT COLLATE "C" NOT NULL CHECK (kind IN ('mailbox', 'alias')),
  object_id             UUID NOT NULL,
  PRIMARY KEY (domain, local_part)
);

-- Where a renamed mailbox used to be found.
CREATE TABLE former_addresses (
  domain                TEXT COLLATE "C" NOT NULL,
  local_part            TEXT COLLATE "C" NOT NULL,
  mailbox_id            UUID NOT NULL REFERENCES mailboxes(id) ON DELETE CASCADE,
  renamed_at            BIGINT NOT NULL,
  PRIMARY KEY (domain, local_part)
);
CREATE INDEX former_addresses_by_mailbox ON former_addresses (mailbox_id);

CREATE TABLE accounts (
  id                    UUID PRIMARY KEY NOT NULL,
  org_id                UUID NOT NULL REFERENCES orgs(id),
  org_path              TEXT COLLATE "C" NOT NULL,
  email                 TEXT COLLATE "C" NOT NULL UNIQUE,
  name                  TEXT COLLATE "C" NOT NULL,
  password_hash         TEXT COLLATE "C",
  access_version        BIGINT NOT NULL DEFAULT 1,
  suspended_at          BIGINT,
  theme                 TEXT COLLATE "C" NOT NULL DEFAULT 'system',
  density               TEXT COLLATE "C" NOT NULL DEFAULT 'comfortable',
  shortcuts             BOOLEAN NOT NULL DEFAULT TRUE,
  last_sign_in_at       BIGINT,
  version               BIGINT NOT NULL,
  created_at            BIGINT NOT NULL,
  updated_at            BIGINT NOT NULL
);

CREATE TABLE grants (
  id                    UUID PRIMARY KEY NOT NULL,
  account_id            UUID NOT NULL REFERENCES accounts(id),
  role                  TEXT COLLATE "C" NOT NULL,
  scope                 TEXT COLLATE "C" NOT NULL CHECK (scope IN ('system', 'org', 'domain')),
  org_id                UUID REFERENCES orgs(id),
  domain_id             UUID REFERENCES domains(id),
  expires_at            BIGINT,
  granted_by            UUID,
  reason                TEXT COLLATE "C" NOT NULL DEFAULT '',
  created_at            BIGINT NOT NULL
);
CREATE INDEX grants_by_account ON grants (account_id, id);
CREATE INDEX grants_by_org ON grants (org_id) WHERE org_id IS NOT NULL;
CREATE INDEX grants_by_domain ON grants (domain_id) WHERE domain_id IS NOT NULL;

CREATE TABLE tokens (
  id                    UUID PRIMARY KEY NOT NULL,
  account_id            UUID NOT NULL REFERENCES accounts(id),
  name                  TEXT COLLATE "C" NOT NULL,
  digest                BYTEA NOT NULL UNIQUE,
  hint                  TEXT COLLATE "C" NOT NULL,
  read_only             BOOLEAN NOT NULL,
  created_at            BIGINT NOT NULL,
  expires_at            BIGINT NOT NULL,
  last_used_at          BIGINT,
  revoked_at            BIGINT
);
CREATE INDEX tokens_by_account ON tokens (account_id, id);

CREATE TABLE sessions (
  digest                BYTEA PRIMARY KEY NOT NULL,
  account_id            UUID,
  data                  TEXT COLLATE "C" NOT NULL,
  created_at            BIGINT NOT NULL,
  expires_at            BIGINT NOT NULL
);
CREATE INDEX sessions_by_account ON sessions (account_id) WHERE account_id IS NOT NULL;
CREATE INDEX sessions_by_expiry ON sessions (expires_at);

-- One-time links: the first operator's set-up, and mailbox owners choosing a password.
CREATE TABLE setup_links (
  digest                BYTEA PRIMARY KEY NOT NULL,
  purpose               TEXT COLLATE "C" NOT NULL CHECK (purpose IN ('first_operator', 'mailbox_password')),
  mailbox_id            UUID REFERENCES mailboxes(id) ON DELETE CASCADE,
  made_by               TEXT COLLATE "C" NOT NULL,
  created_at            BIGINT NOT NULL,
  expires_at            BIGINT NOT NULL,
  used_at               BIGINT
);
CREATE INDEX setup_links_by_mailbox ON setup_links (mailbox_id) WHERE mailbox_id IS NOT NULL;

-- The audit. A row is written in the transaction of the change it speaks of, and never changed.
CREATE TABLE events (
  id                    UUID PRIMARY KEY NOT NULL,
  at                    BIGINT NOT NULL,
  kind                  TEXT COLLATE "C" NOT NULL,
  org_path              TEXT COLLATE "C" NOT NULL,
  domain_id             UUID,
  subject_kind          TEXT COLLATE "C" NOT NULL,
  subject_id            UUID NOT NULL,
  subject               TEXT COLLATE "C" NOT NULL,
  actor_id              UUID,
  actor                 TEXT COLLATE "C" NOT NULL,
  credential            TEXT COLLATE "C" NOT NULL,
  request_id            TEXT COLLATE "C" NOT NULL,
  detail                TEXT COLLATE "C" NOT NULL
);
CREATE INDEX events_by_subject ON events (subject_id, id);
CREATE INDEX events_by_domain ON events (domain_id, id) WHERE domain_id IS NOT NULL;
CREATE INDEX events_by_org ON events (org_path, id);
CREATE FUNCTION refuse_change_of_the_audit() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN RAISE EXCEPTION 'the audit is append-only'; END $$;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE OR DELETE ON events
  FOR EACH ROW EXECUTE FUNCTION refuse_change_of_the_audit();

CREATE TABLE targets (
  id                    UUID PRIMARY KEY NOT NULL,
  name                  TEXT COLLATE "C" NOT NULL UNIQUE,
  engine                TEXT COLLATE "C" NOT NULL,
  enabled               BOOLEAN NOT NULL,
  holder                UUID,
  epoch                 BIGINT NOT NULL DEFAULT 0,
  leased_until          BIGINT NOT NULL DEFAULT 0,
  failing_since         BIGINT,
  failures              BIGINT NOT NULL DEFAULT 0,
  error_class           TEXT COLLATE "C",
  error                 TEXT COLLATE "C",
  last_ok_at            BIGINT
);

-- What each target should hold of each object and what it does hold. A pending row is the outbox note.
CREATE TABLE projections (
  object_id             UUID NOT NULL,
  target_id             UUID NOT NULL REFERENCES targets(id),
  kind                  TEXT COLLATE "C" NOT NULL CHECK (kind IN ('node', 'domain', 'domain_alias', 'mailbox', 'alias')),
  wanted                BIGINT NOT NULL,
  applied               BIGINT NOT NULL DEFAULT 0,
  pending_since         BIGINT,
  due_at                BIGINT NOT NULL DEFAULT 0,
  tries                 BIGINT NOT NULL DEFAULT 0,
  parked                BOOLEAN NOT NULL DEFAULT FALSE,
  error_class           TEXT COLLATE "C",
  error                 TEXT COLLATE "C",
  synced_at             BIGINT,
  PRIMARY KEY (object_id, target_id)
);
CREATE INDEX projections_due ON projections (target_id, due_at) WHERE pending_since IS NOT NULL AND NOT parked;
CREATE INDEX projections_open ON projections (object_id) WHERE pending_since IS NOT NULL;
CREATE INDEX projections_parked ON projections (target_id) WHERE parked;

-- Words by which a thing is found: prefixes of these, inside what the asker can see.
CREATE TABLE search_terms (
  object_id             UUID NOT NULL,
  term                  TEXT COLLATE "C" NOT NULL,
  kind                  TEXT COLLATE "C" NOT NULL,
  org_path              TEXT COLLATE "C" NOT NULL,
  domain                TEXT COLLATE "C" NOT NULL,
  title                 TEXT COLLATE "C" NOT NULL,
  subtitle              TEXT COLLATE "C" NOT NULL,
  deleted               BOOLEAN NOT NULL,
  PRIMARY KEY (object_id, term)
);
CREATE INDEX search_terms_everywhere ON search_terms (term, object_id);
CREATE INDEX search_terms_inside ON search_terms (org_path, domain, term);

-- The answer to a request that carried an Idempotency-Key, in the transaction of what it did.
CREATE TABLE idempotency (
  owner                 UUID NOT NULL,
  route                 TEXT COLLATE "C" NOT NULL,
  key                   TEXT COLLATE "C" NOT NULL,
  request_hash          BYTEA NOT NULL,
  status                BIGINT,
  headers               TEXT COLLATE "C",
  body                  TEXT COLLATE "C",
  created_at            BIGINT NOT NULL,
  PRIMARY KEY (owner, route, key)
);
CREATE INDEX idempotency_by_age ON idempotency (created_at);

-- Wakes the workers of every node right after the commit.
CREATE FUNCTION announce_pending() RETURNS trigger LANGUAGE plpgsql AS
  $$ BEGIN PERFORM pg_notify('postdesk_pending', ''); RETURN NULL; END $$;
CREATE TRIGGER projections_announce AFTER INSERT OR UPDATE OF wanted ON projections
  FOR EACH STATEMENT EXECUTE FUNCTION announce_pending();
