package simulation

import "strings"

// The database notes every write that breaks a promise, and every move of a
// cursor.

var auditors = []string{
	`CREATE TABLE audit (n INTEGER PRIMARY KEY, what TEXT NOT NULL, connection INTEGER NOT NULL, detail TEXT NOT NULL)`,
	`CREATE TRIGGER audit_version BEFORE UPDATE OF last_updated_at ON orders
		WHEN (NEW.last_updated_at, NEW.seen_epoch, NEW.seen_step) <= (OLD.last_updated_at, OLD.seen_epoch, OLD.seen_step)
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('an order went back in time', NEW.connection_id,
			NEW.order_id || ' from ' || OLD.last_updated_at || ' ' || OLD.seen_epoch || ' ' || OLD.seen_step || ' to ' || NEW.last_updated_at || ' ' || NEW.seen_epoch || ' ' || NEW.seen_step); END`,
	`CREATE TRIGGER audit_holder_new AFTER INSERT ON orders
		WHEN NOT EXISTS (SELECT 1 FROM connections WHERE id = NEW.connection_id AND epoch = NEW.seen_epoch AND step > NEW.seen_step AND tenant = NEW.tenant)
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('an order was written without the lease', NEW.connection_id, NEW.order_id); END`,
	`CREATE TRIGGER audit_holder AFTER UPDATE OF seen_step ON orders
		WHEN NOT EXISTS (SELECT 1 FROM connections WHERE id = NEW.connection_id AND epoch = NEW.seen_epoch AND step > NEW.seen_step)
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('an order was written without the lease', NEW.connection_id, NEW.order_id); END`,
	`CREATE TRIGGER audit_step BEFORE UPDATE OF step, epoch ON connections
		WHEN NEW.step NOT IN (OLD.step, OLD.step + 1) OR NEW.epoch NOT IN (OLD.epoch, OLD.epoch + 1)
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('epoch or step went astray', NEW.id, OLD.epoch || ' ' || OLD.step || ' to ' || NEW.epoch || ' ' || NEW.step); END`,
	`CREATE TRIGGER audit_claim BEFORE UPDATE OF epoch ON connections
		WHEN NEW.epoch = OLD.epoch + 1 AND NEW.holder <> OLD.holder AND NEW.lease_until > NEW.committed_at AND OLD.lease_until > NEW.committed_at
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('a lease was taken from its holder', NEW.id, OLD.holder || ' by ' || NEW.holder); END`,
	`CREATE TRIGGER audit_epoch BEFORE UPDATE OF taken_step ON connections
		WHEN NEW.epoch <> OLD.epoch + 1
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('a claim made no new epoch', NEW.id, OLD.holder || ' by ' || NEW.holder); END`,
	`CREATE TRIGGER audit_shunned AFTER INSERT ON shunned
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('shunned', NEW.connection_id, NEW.from_at || ' ' || NEW.to_at); END`,
	`CREATE TRIGGER audit_cursor AFTER UPDATE OF cursor_at ON connections
		WHEN NEW.cursor_at IS NOT OLD.cursor_at
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('cursor', NEW.id, COALESCE(OLD.cursor_at, 0) || ' ' || NEW.cursor_at || ' ' || COALESCE(NEW.committed_at, 0) || ' ' || COALESCE(OLD.live_stuck_to, 0)); END`,
	`CREATE TRIGGER audit_target BEFORE UPDATE ON targets
		WHEN OLD.settled_at IS NOT NULL
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('a target was settled twice', NEW.connection_id, OLD.reason || ' ' || NEW.reason); END`,
	`CREATE TRIGGER audit_change BEFORE UPDATE ON changes
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('a change was rewritten', NEW.connection_id, NEW.order_id); END`,
	`CREATE TRIGGER audit_budget AFTER UPDATE OF tokens ON budgets
		WHEN NEW.tokens > NEW.plan_burst
		BEGIN INSERT INTO audit (what, connection, detail) VALUES ('a budget holds too much', 0, NEW.seller || ' ' || NEW.tokens); END`,
	// Personal data that a step takes away must be laid down anew in the same step. A
	// later reading would hide that it was gone.
	`CREATE TABLE erased (connection INTEGER, order_id TEXT, data_group INTEGER, epoch INTEGER, step INTEGER, PRIMARY KEY (connection, order_id, data_group, epoch, step))`,
	`CREATE TRIGGER audit_erased AFTER DELETE ON order_personal
		BEGIN INSERT OR IGNORE INTO erased SELECT id, OLD.order_id, OLD.data_group, epoch, step FROM connections WHERE id = OLD.connection_id AND state <> 'DISABLED'; END`,
	`CREATE TABLE sealed_once (connection INTEGER, order_id TEXT, data_group INTEGER, sealed BLOB)`,
	`CREATE TRIGGER audit_sealed AFTER INSERT ON order_personal
		BEGIN INSERT INTO sealed_once VALUES (NEW.connection_id, NEW.order_id, NEW.data_group, NEW.sealed); END`,
	`CREATE TRIGGER audit_replaced AFTER INSERT ON order_personal
		BEGIN DELETE FROM erased WHERE connection = NEW.connection_id AND order_id = NEW.order_id AND data_group = NEW.data_group
			AND (epoch, step) = (SELECT epoch, step FROM connections WHERE id = NEW.connection_id); END`,
}

// audit sets the notes up.
func (w *world) audit() {
	_, err := w.memory.Exec(strings.Join(auditors, ";\n"))
	w.must(err)
}
