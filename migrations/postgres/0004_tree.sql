-- Accounts are limited as other things are, an org says how it hands its limits on, a suspension says whether mail goes
-- on, and what went into the bin with an org, or was elsewhere in the tree before, is remembered.

ALTER TABLE orgs ADD COLUMN max_accounts BIGINT CHECK (max_accounts >= 0);
ALTER TABLE orgs ADD COLUMN used_accounts BIGINT NOT NULL DEFAULT 0 CHECK (used_accounts >= 0);
-- How much of a limit may be promised below, in percent; NULL is no more than there is.
ALTER TABLE orgs ADD COLUMN overcommit BIGINT CHECK (overcommit >= 100);
ALTER TABLE orgs ADD COLUMN suspended_keeps BOOLEAN NOT NULL DEFAULT FALSE;
ALTER TABLE orgs ADD COLUMN deleted_with UUID;
ALTER TABLE domains ADD COLUMN deleted_with UUID;
ALTER TABLE accounts ADD COLUMN org_suspended BOOLEAN NOT NULL DEFAULT FALSE;

UPDATE orgs SET used_accounts = (SELECT COUNT(*) FROM accounts a WHERE substr(a.org_path, 1, length(orgs.path)) = orgs.path)
  WHERE path <> '/';
UPDATE accounts SET org_suspended = TRUE WHERE EXISTS (SELECT 1 FROM orgs o
  WHERE (o.suspended_at IS NOT NULL OR o.deleted_at IS NOT NULL) AND substr(accounts.org_path, 1, length(o.path)) = o.path);

CREATE INDEX orgs_by_parent ON orgs (parent_id, name, id) WHERE deleted_at IS NULL;
CREATE INDEX orgs_off ON orgs (path) WHERE suspended_at IS NOT NULL OR deleted_at IS NOT NULL;
CREATE INDEX domains_by_org ON domains (org_id) WHERE deleted_at IS NULL;

-- Where an org was in the tree before: what happened there is still told of it.
CREATE TABLE former_paths (
  org_id                UUID NOT NULL REFERENCES orgs(id),
  path                  TEXT COLLATE "C" NOT NULL,
  left_at               BIGINT NOT NULL,
  PRIMARY KEY (org_id, path)
);
