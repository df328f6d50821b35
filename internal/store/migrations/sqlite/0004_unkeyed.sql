-- +goose Up
-- The window that an order without an id was last met in, and the marketplaces
-- that were asked for: its entry ends when they are read without such an order.
ALTER TABLE set_aside ADD COLUMN from_at INTEGER;
ALTER TABLE set_aside ADD COLUMN to_at INTEGER;
ALTER TABLE set_aside ADD COLUMN marketplaces TEXT NOT NULL DEFAULT '';

-- +goose Down
ALTER TABLE set_aside DROP COLUMN marketplaces;
ALTER TABLE set_aside DROP COLUMN to_at;
ALTER TABLE set_aside DROP COLUMN from_at;
