-- +goose Up
-- Since when live work stands before a window that Amazon does not answer, and
-- up to where that window reached.
ALTER TABLE connections ADD COLUMN live_stuck_at BIGINT;
ALTER TABLE connections ADD COLUMN live_stuck_to BIGINT;
-- When Amazon last refused a search for asking for personal data.
ALTER TABLE connections ADD COLUMN personal_denied_at BIGINT;
-- When Amazon first named no marketplace of a connection that had some; before
-- when marketplaces are not asked for again.
ALTER TABLE connections ADD COLUMN marketplaces_empty_at BIGINT;
ALTER TABLE connections ADD COLUMN marketplaces_again_at BIGINT;

-- +goose Down
ALTER TABLE connections DROP COLUMN marketplaces_again_at;
ALTER TABLE connections DROP COLUMN marketplaces_empty_at;
ALTER TABLE connections DROP COLUMN personal_denied_at;
ALTER TABLE connections DROP COLUMN live_stuck_to;
ALTER TABLE connections DROP COLUMN live_stuck_at;
