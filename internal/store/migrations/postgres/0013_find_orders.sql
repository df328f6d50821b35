-- +goose Up
-- How far an order is on its way, made of Amazon's words by the table of delivery
-- statuses, so that orders are found by it.
ALTER TABLE orders ADD COLUMN delivery TEXT NOT NULL DEFAULT '';
UPDATE orders SET delivery = CASE WHEN status IN ('CANCELLED', 'CANCELED', 'UNFULFILLABLE') THEN '' ELSE COALESCE(
    (SELECT SUBSTR(MIN(word), 3) FROM (
        SELECT CASE
            WHEN 'CANCELLED' IN (p.status, p.detailed_status) OR 'LABEL_CANCELLED' IN (p.status, p.detailed_status) THEN NULL
            WHEN p.detailed_status = 'LOST' THEN 'a LOST'
            WHEN p.detailed_status = 'DAMAGED' THEN 'b DAMAGED'
            WHEN p.detailed_status = 'UNDELIVERABLE' THEN 'c UNDELIVERABLE'
            WHEN p.detailed_status IN ('REJECTED_BY_BUYER', 'RETURNING_TO_SELLER') THEN 'd RETURNING'
            WHEN p.detailed_status IN ('PENDING_SCHEDULE', 'PENDING_PICK_UP', 'PENDING_DROP_OFF') THEN 'f PREPARING'
            WHEN p.detailed_status IN ('PICKED_UP', 'DROPPED_OFF') THEN 'g SHIPPED'
            WHEN p.detailed_status IN ('AT_ORIGIN_FC', 'AT_DESTINATION_FC') THEN 'h IN_TRANSIT'
            WHEN p.detailed_status = 'OUT_FOR_DELIVERY' THEN 'i OUT_FOR_DELIVERY'
            WHEN p.detailed_status = 'DELIVERED' THEN 'j DELIVERED'
            WHEN p.detailed_status = 'RETURNED_TO_SELLER' THEN 'k RETURNED'
            WHEN p.status = 'UNDELIVERABLE' THEN 'c UNDELIVERABLE'
            WHEN p.status = 'PENDING' THEN 'f PREPARING'
            WHEN p.status = 'SHIPPED' THEN 'g SHIPPED'
            WHEN p.status = 'IN_TRANSIT' THEN 'h IN_TRANSIT'
            WHEN p.status = 'DELIVERED' THEN 'j DELIVERED'
            WHEN p.status <> '' OR p.detailed_status <> '' THEN 'e UNKNOWN'
        END AS word
        FROM order_packages p WHERE p.tenant = orders.tenant AND p.connection_id = orders.connection_id AND p.order_id = orders.order_id
        UNION ALL SELECT CASE WHEN orders.status IN ('UNSHIPPED', 'PARTIALLY_SHIPPED') THEN 'f PREPARING' END
    ) AS said),
    CASE
        WHEN status IN ('SHIPPED', 'INVOICE_UNCONFIRMED') AND delivered_seen_at IS NOT NULL THEN 'DELIVERED'
        WHEN status IN ('SHIPPED', 'INVOICE_UNCONFIRMED') THEN 'SHIPPED'
        WHEN status IN ('', 'PENDING', 'PENDING_AVAILABILITY') THEN ''
        ELSE 'UNKNOWN'
    END) END;
UPDATE orders SET delivery = 'SHIPPED' WHERE delivery = 'PREPARING' AND status IN ('SHIPPED', 'INVOICE_UNCONFIRMED');

-- Order ids are compared byte by byte, as SQLite does, so that what begins
-- with a text lies together, and the order of a list is the same everywhere.
ALTER TABLE orders ALTER COLUMN order_id TYPE TEXT COLLATE "C";
ALTER TABLE order_items ALTER COLUMN order_id TYPE TEXT COLLATE "C";
ALTER TABLE order_packages ALTER COLUMN order_id TYPE TEXT COLLATE "C";
ALTER TABLE order_personal ALTER COLUMN order_id TYPE TEXT COLLATE "C";
ALTER TABLE set_aside ALTER COLUMN order_id TYPE TEXT COLLATE "C";
ALTER TABLE changes ALTER COLUMN order_id TYPE TEXT COLLATE "C";

-- SKUs in small letters (of ASCII), by which items are found. An entry of an index has
-- its bounds, and so have the words in it.
ALTER TABLE order_items ADD COLUMN sku_folded TEXT COLLATE "C" NOT NULL DEFAULT '';
UPDATE order_items SET sku_folded = SUBSTR(LOWER(sku COLLATE "C"), 1, 100);
UPDATE orders SET status = SUBSTR(status, 1, 64), fulfilled_by = SUBSTR(fulfilled_by, 1, 64), marketplace_id = SUBSTR(marketplace_id, 1, 64)
    WHERE LENGTH(status) > 64 OR LENGTH(fulfilled_by) > 64 OR LENGTH(marketplace_id) > 64;

-- All that a list of orders is filtered by lies in the index by date, so that a
-- rare filter reads no order that it does not show.
DROP INDEX orders_by_date;
CREATE INDEX orders_by_date ON orders (tenant, created_at, order_id, connection_id)
    INCLUDE (status, delivery, fulfilled_by, marketplace_id, last_updated_at, ship_to, deliver_to);
-- Orders are looked for by what they, or the SKUs of their items, begin with: of
-- one tenant, and by operators who do not know whose it is.
CREATE INDEX orders_by_id ON orders (order_id, tenant, connection_id);
CREATE INDEX order_items_sku ON order_items (tenant, sku_folded, connection_id, order_id);
CREATE INDEX order_items_any_sku ON order_items (sku_folded, tenant, connection_id, order_id, item_id);
-- The history of one order.
CREATE INDEX changes_by_order ON changes (tenant, connection_id, order_id, seq);

-- +goose Down
DROP INDEX changes_by_order;
DROP INDEX order_items_any_sku;
DROP INDEX order_items_sku;
DROP INDEX orders_by_id;
DROP INDEX orders_by_date;
ALTER TABLE changes ALTER COLUMN order_id TYPE TEXT COLLATE "default";
ALTER TABLE set_aside ALTER COLUMN order_id TYPE TEXT COLLATE "default";
ALTER TABLE order_personal ALTER COLUMN order_id TYPE TEXT COLLATE "default";
ALTER TABLE order_packages ALTER COLUMN order_id TYPE TEXT COLLATE "default";
ALTER TABLE order_items ALTER COLUMN order_id TYPE TEXT COLLATE "default";
ALTER TABLE orders ALTER COLUMN order_id TYPE TEXT COLLATE "default";
ALTER TABLE order_items DROP COLUMN sku_folded;
ALTER TABLE orders DROP COLUMN delivery;
CREATE INDEX orders_by_date ON orders (tenant, created_at, order_id);
