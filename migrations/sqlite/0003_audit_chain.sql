-- Each entry of the audit is numbered without gaps and carries the hash of the one before it, so that what is changed
-- or taken away later shows. Entries of before have no number until the next start gives them one.
ALTER TABLE events ADD COLUMN seq INTEGER;
ALTER TABLE events ADD COLUMN detail_hash BLOB;
ALTER TABLE events ADD COLUMN hash BLOB;
CREATE UNIQUE INDEX events_by_seq ON events (seq);

-- The newest entry. Whoever appends holds this row until the end of their transaction.
CREATE TABLE audit_head (
  id                    TEXT PRIMARY KEY NOT NULL CHECK (id = 'head'),
  seq                   INTEGER NOT NULL,
  hash                  BLOB NOT NULL
) STRICT;
INSERT INTO audit_head (id, seq, hash) VALUES ('head', 0, zeroblob(32));

-- An entry follows the newest one and replaces none.
CREATE TRIGGER events_follow_the_head BEFORE INSERT ON events
  WHEN NEW.seq IS NULL OR NEW.seq <> (SELECT seq + 1 FROM audit_head) OR NEW.hash IS NULL OR length(NEW.hash) <> 32
    OR NEW.detail_hash IS NULL OR length(NEW.detail_hash) <> 32 OR EXISTS (SELECT 1 FROM events WHERE id = NEW.id)
  BEGIN SELECT RAISE(ABORT, 'an entry of the audit must follow the newest one'); END;
CREATE TRIGGER events_move_the_head AFTER INSERT ON events
  BEGIN UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash; END;

-- The one change that an entry sees is that it gets its number, once.
DROP TRIGGER events_are_never_changed;
CREATE TRIGGER events_are_never_changed BEFORE UPDATE ON events
  WHEN OLD.seq IS NOT NULL OR NEW.seq IS NULL OR NEW.seq <> (SELECT seq + 1 FROM audit_head)
    OR NEW.hash IS NULL OR length(NEW.hash) <> 32 OR NEW.detail_hash IS NULL OR length(NEW.detail_hash) <> 32
    OR NEW.id IS NOT OLD.id OR NEW.at IS NOT OLD.at OR NEW.kind IS NOT OLD.kind OR NEW.org_path IS NOT OLD.org_path
    OR NEW.domain_id IS NOT OLD.domain_id OR NEW.subject_kind IS NOT OLD.subject_kind
    OR NEW.subject_id IS NOT OLD.subject_id OR NEW.subject IS NOT OLD.subject OR NEW.actor_id IS NOT OLD.actor_id
    OR NEW.actor IS NOT OLD.actor OR NEW.credential IS NOT OLD.credential OR NEW.request_id IS NOT OLD.request_id
    OR NEW.detail IS NOT OLD.detail
  BEGIN SELECT RAISE(ABORT, 'the audit is append-only'); END;
CREATE TRIGGER events_numbered_move_the_head AFTER UPDATE ON events
  BEGIN UPDATE audit_head SET seq = NEW.seq, hash = NEW.hash; END;

-- The head moves on by one, to an entry that is there.
CREATE TRIGGER audit_head_moves_by_one BEFORE UPDATE ON audit_head
  WHEN NOT (NEW.seq = OLD.seq AND NEW.hash = OLD.hash)
    AND NOT (NEW.seq = OLD.seq + 1 AND EXISTS (SELECT 1 FROM events WHERE seq = NEW.seq AND hash = NEW.hash))
  BEGIN SELECT RAISE(ABORT, 'the head of the audit only moves on by one'); END;
CREATE TRIGGER audit_head_is_never_deleted BEFORE DELETE ON audit_head
  BEGIN SELECT RAISE(ABORT, 'the audit has one head'); END;
CREATE TRIGGER audit_head_is_never_replaced BEFORE INSERT ON audit_head
  BEGIN SELECT RAISE(ABORT, 'the audit has one head'); END;
