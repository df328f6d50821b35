package main

// The witness is a set of triggers in the database that notes what no program may
// do, in the transaction in which it is done: what is overwritten cannot be seen
// at the end.

// witness lets the database note who takes and who writes connections, and any
// order or cursor that goes back.
func (p *program) witness() {
	p.t.Helper()
	p.watchTargets()
	p.query(`CREATE TABLE witnessed_steps (connection BIGINT, epoch BIGINT, step BIGINT, program TEXT, claim BOOLEAN)`)
	p.query(`CREATE FUNCTION witness_step() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO witnessed_steps VALUES (NEW.id, NEW.epoch, NEW.step, current_setting('application_name'), NEW.epoch <> OLD.epoch);
		RETURN NEW; END $$`)
	p.query(`CREATE TRIGGER witness_step AFTER UPDATE ON connections FOR EACH ROW
		WHEN (NEW.epoch <> OLD.epoch OR NEW.step <> OLD.step) EXECUTE FUNCTION witness_step()`)
	p.query(`CREATE TABLE witnessed (what TEXT, connection BIGINT, order_id TEXT, program TEXT)`)
	p.query(`CREATE FUNCTION witness_order() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		IF NEW.seen_epoch <> (SELECT epoch FROM connections WHERE id = NEW.connection_id) THEN
			INSERT INTO witnessed VALUES ('an order was written under another epoch', NEW.connection_id, NEW.order_id, current_setting('application_name'));
		END IF;
		IF TG_OP = 'UPDATE' AND NEW.last_updated_at < OLD.last_updated_at THEN
			INSERT INTO witnessed VALUES ('an order went back in time', NEW.connection_id, NEW.order_id, current_setting('application_name'));
		END IF;
		RETURN NEW; END $$`)
	p.query(`CREATE TRIGGER witness_order AFTER INSERT OR UPDATE ON orders FOR EACH ROW EXECUTE FUNCTION witness_order()`)
	p.query(`CREATE FUNCTION witness_cursor() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
		INSERT INTO witnessed VALUES ('a cursor went back', NEW.id, '', current_setting('application_name'));
		RETURN NEW; END $$`)
	p.query(`CREATE TRIGGER witness_cursor AFTER UPDATE ON connections FOR EACH ROW
		WHEN (NEW.cursor_at < OLD.cursor_at) EXECUTE FUNCTION witness_cursor()`)
}

// wantWitness wants that nothing was noted, and that every step of a connection was
// made once, and by the program that had taken it.
func (p *program) wantWitness() {
	p.t.Helper()
	for _, c := range []struct{ what, query string }{
		{"settled twice", `SELECT * FROM settled_twice`},
		{"noted", `SELECT * FROM witnessed`},
		{"steps of who had not taken the connection", `SELECT s.* FROM witnessed_steps s JOIN witnessed_steps c
			ON c.claim AND c.connection = s.connection AND c.epoch = s.epoch WHERE NOT s.claim AND s.program <> c.program`},
		{"epochs that began twice", `SELECT connection, epoch, COUNT(*) FROM witnessed_steps WHERE claim GROUP BY 1, 2 HAVING COUNT(*) > 1`},
		{"steps that were made twice or left out", `SELECT connection, COUNT(*), COUNT(DISTINCT step), MIN(step), MAX(step)
			FROM witnessed_steps WHERE NOT claim GROUP BY 1 HAVING COUNT(*) <> COUNT(DISTINCT step) OR COUNT(*) <> MAX(step) - MIN(step) + 1`},
	} {
		p.wantNone(c.what, c.query)
	}
}

// wantNone wants a query to find nothing.
func (p *program) wantNone(what, query string, args ...any) {
	p.t.Helper()
	if rows := p.query(query, args...); len(rows) > 0 {
		p.t.Errorf("%s: %d, as %v", what, len(rows), rows[:min(len(rows), 5)])
	}
}
