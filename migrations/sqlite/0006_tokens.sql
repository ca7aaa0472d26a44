-- What a token is narrowed to: permissions, parts of the tree, and the addresses it may come from.

ALTER TABLE tokens ADD COLUMN permissions TEXT;
ALTER TABLE tokens ADD COLUMN cidrs TEXT NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN last_used_from TEXT;
-- Whether it reaches only what token_scopes names, be that nothing any more.
ALTER TABLE tokens ADD COLUMN confined INTEGER NOT NULL DEFAULT FALSE CHECK (confined IN (0, 1));

CREATE TABLE token_scopes (
  token_id              BLOB NOT NULL REFERENCES tokens(id) ON DELETE CASCADE,
  place                 INTEGER NOT NULL,
  org_id                BLOB REFERENCES orgs(id) ON DELETE CASCADE,
  domain_id             BLOB REFERENCES domains(id) ON DELETE CASCADE,
  PRIMARY KEY (token_id, place),
  CHECK ((org_id IS NULL) <> (domain_id IS NULL))
) STRICT;
CREATE INDEX token_scopes_by_org ON token_scopes (org_id) WHERE org_id IS NOT NULL;
CREATE INDEX token_scopes_by_domain ON token_scopes (domain_id) WHERE domain_id IS NOT NULL;
