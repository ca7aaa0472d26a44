-- What a token is narrowed to: permissions, parts of the tree, and the addresses it may come from.

ALTER TABLE tokens ADD COLUMN permissions TEXT COLLATE "C";
ALTER TABLE tokens ADD COLUMN cidrs TEXT COLLATE "C" NOT NULL DEFAULT '';
ALTER TABLE tokens ADD COLUMN last_used_from TEXT COLLATE "C";
-- Whether it reaches only what token_scopes names, be that nothing any more.
ALTER TABLE tokens ADD COLUMN confined BOOLEAN NOT NULL DEFAULT FALSE;

CREATE TABLE token_scopes (
  token_id              UUID NOT NULL REFERENCES tokens(id) ON DELETE CASCADE,
  place                 BIGINT NOT NULL,
  org_id                UUID REFERENCES orgs(id) ON DELETE CASCADE,
  domain_id             UUID REFERENCES domains(id) ON DELETE CASCADE,
  PRIMARY KEY (token_id, place),
  CHECK ((org_id IS NULL) <> (domain_id IS NULL))
);
CREATE INDEX token_scopes_by_org ON token_scopes (org_id) WHERE org_id IS NOT NULL;
CREATE INDEX token_scopes_by_domain ON token_scopes (domain_id) WHERE domain_id IS NOT NULL;
