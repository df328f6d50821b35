package storetest

import (
	"context"
	"crypto/rand"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"

	_ "github.com/jackc/pgx/v5/stdlib" // driver "pgx"
)

// postgresVariable names the Postgres on which tests may make databases. It
// should be a throw-away one: the template of a test binary stays behind in it.
const postgresVariable = "ORDERSYNC_TEST_POSTGRES"

var errNoPostgres = errors.New(postgresVariable + " names no Postgres, and the rules must hold on both databases: " +
	"run `make test` or `scripts/with-postgres go test ./...`")

// administration is the connection that makes and drops databases.
var administration = sync.OnceValues(func() (*sql.DB, error) {
	server := os.Getenv(postgresVariable)
	if server == "" {
		return nil, errNoPostgres
	}
	return sql.Open("pgx", server)
})

// postgresTemplate is the name of a migrated database: copying it is far quicker
// than migrating one for each test.
var postgresTemplate = sync.OnceValues(func() (name string, err error) {
	name = databaseName("template")
	if err := administer("CREATE DATABASE " + name); err != nil {
		return "", fmt.Errorf("make the Postgres template: %w", err)
	}
	at, err := databaseURL(name)
	if err != nil {
		return "", err
	}
	if err := migrate(at); err != nil {
		return "", fmt.Errorf("migrate the Postgres template: %w", err)
	}
	return name, nil
})

// administer runs one statement on the server.
func administer(statement string) error {
	db, err := administration()
	if err != nil {
		return err
	}
	_, err = db.ExecContext(context.Background(), statement)
	return err
}

// databaseName is a name that no other test, binary or run has. It needs no
// quotes.
func databaseName(what string) string {
	return "ordersync_" + what + "_" + strings.ToLower(rand.Text())
}

func databaseURL(name string) (string, error) {
	u, err := url.Parse(os.Getenv(postgresVariable))
	if err != nil {
		return "", fmt.Errorf("%s is no URL: use postgres://USER@HOST/DATABASE", postgresVariable)
	}
	u.Path = "/" + name
	return u.String(), nil
}

func createDatabase(t testing.TB, template string) string {
	t.Helper()
	name := databaseName("test")
	if err := administer("CREATE DATABASE " + name + " TEMPLATE " + template); err != nil {
		t.Fatalf("make the test's database: %v", err)
	}
	t.Cleanup(func() {
		if err := administer("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Errorf("drop the test's database: %v", err)
		}
	})
	at, err := databaseURL(name)
	if err != nil {
		t.Fatal(err)
	}
	return at
}
