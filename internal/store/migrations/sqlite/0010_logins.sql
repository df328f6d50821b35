-- +goose Up
-- Consents that sellers begin at Amazon: the account that began; whether it must be
-- proven to be the connection's own; what is kept of it sealed, which is the way back
-- to Amazon or a refresh token that the seller has yet to agree to; and the hash of
-- the sign-in ticket that led to it, which counts once.
ALTER TABLE consents ADD COLUMN seller_id TEXT NOT NULL DEFAULT '';
ALTER TABLE consents ADD COLUMN proof INTEGER NOT NULL DEFAULT 0;
ALTER TABLE consents ADD COLUMN sealed BLOB;
ALTER TABLE consents ADD COLUMN login BLOB;
CREATE UNIQUE INDEX consents_login ON consents (login);
-- Whose a seller's account is, among all tenants.
CREATE INDEX connections_seller ON connections (seller_id, region);

-- +goose Down
DROP INDEX connections_seller;
DROP INDEX consents_login;
ALTER TABLE consents DROP COLUMN login;
ALTER TABLE consents DROP COLUMN sealed;
ALTER TABLE consents DROP COLUMN proof;
ALTER TABLE consents DROP COLUMN seller_id;
