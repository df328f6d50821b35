package main

import (
	"errors"
	"fmt"
	"os"

	"ordersync/internal/engine"
	"ordersync/internal/queue"
	"ordersync/internal/secret"
	"ordersync/internal/spapi"
	"ordersync/internal/store"
)

// canary is the setting that proves the master key.
const canary = "master-key-canary"

// openStore opens the database and prepares its schema.
func (i *invocation) openStore(prepare bool) (*store.Store, error) {
	return i.openWatched(prepare, store.Watch{})
}

// openWatched is openStore with somebody who watches.
func (i *invocation) openWatched(prepare bool, watch store.Watch) (*store.Store, error) {
	working := i.meter("opening the database")
	defer working.end()
	s, err := store.Open(i.ctx, store.Options{
		URL: i.settings.DatabaseURL, Now: i.now, DatabaseTime: i.realTime, Merge: spapi.MergeRaw, Watch: watch,
	})
	if err != nil {
		return nil, err
	}
	if prepare {
		if err := s.Prepare(i.ctx); err != nil {
			return nil, errors.Join(err, s.Close())
		}
	}
	return s, nil
}

// openBox opens the box of secrets and proves its key against the database.
func (i *invocation) openBox(s *store.Store) (box *secret.Box, digestKey []byte, err error) {
	text, err := i.masterKey()
	if err != nil {
		return nil, nil, err
	}
	if box, err = secret.ParseMasterKey(text); err != nil {
		return nil, nil, usageError{err}
	}
	sealed, err := s.Setting(i.ctx, canary)
	if err != nil {
		return nil, nil, err
	}
	if sealed == nil {
		if sealed, _, err = secret.NewCanary(box); err != nil {
			return nil, nil, err
		}
		if sealed, err = s.SetOnce(i.ctx, canary, sealed); err != nil {
			return nil, nil, err
		}
	}
	digestKey, err = secret.OpenCanary(box, sealed)
	if errors.Is(err, secret.ErrWrongKey) {
		err = usageError{err}
	}
	return box, digestKey, err
}

// masterKey is the key's text. On SQLite one is made beside the database.
func (i *invocation) masterKey() (string, error) {
	if i.settings.MasterKey != "" {
		return i.settings.MasterKey, nil
	}
	path, local := store.SQLitePath(i.settings.DatabaseURL)
	if !local {
		return "", usageError{errors.New("ORDERSYNC_MASTER_KEY is not set: on Postgres every process needs the same key; make one with `openssl rand -base64 32` and keep it safe")}
	}
	file := path + ".key"
	text, created, err := secret.LoadOrCreateKeyFile(file)
	if created {
		i.log.Info("made a master key; keep a copy of it, without it the stored secrets are lost", "file", file)
	}
	return text, err
}

// workplace is everything that work needs.
type workplace struct {
	store  *store.Store
	engine *engine.Engine
	vault  *secret.Vault // nil: tokens are kept in the database
	watch  *watching     // nil: nobody watches
}

// open wires a workplace. Without withAmazon the engine can do everything but
// call Amazon, and needs no credentials of the application.
func (i *invocation) open(withAmazon bool) (w workplace, err error) {
	watch := newWatching()
	if err := watch.trace(i); err != nil {
		return w, err
	}
	if w.store, err = i.openWatched(true, watch.Store()); err != nil {
		return w, err
	}
	w.watch = watch
	w.watch.begin(i, w.store)
	defer func() {
		if err != nil {
			err = errors.Join(err, w.close())
		}
	}()
	box, digestKey, err := i.openBox(w.store)
	if err != nil {
		return w, err
	}
	p := parts{box: box, secrets: i.clientSecrets(w.store, box, digestKey)}
	if withAmazon {
		if p.amazon, err = i.amazon(digestKey, p.secrets, w.watch.Amazon); err != nil {
			return w, usageError{err}
		}
		if p.queue, err = i.openQueue(); err != nil {
			return w, err
		}
	}
	if w.vault, err = i.openVault(); err != nil {
		return w, err
	}
	p.vault, p.watch = w.vault, w.watch.engine()
	w.engine = i.newEngine(w.store, p)
	return w, nil
}

// openPlain wires a workplace for what neither opens sealed secrets nor calls Amazon:
// it needs the database only, and Vault where a token is to be deleted there.
func (i *invocation) openPlain() (w workplace, err error) {
	if w.store, err = i.openStore(true); err != nil {
		return w, err
	}
	if w.vault, err = i.openVault(); err != nil {
		return w, errors.Join(err, w.store.Close())
	}
	w.engine = i.newEngine(w.store, parts{vault: w.vault})
	return w, nil
}

// parts are what an engine is made of besides the store; each may be missing.
type parts struct {
	amazon  *spapi.Client
	box     *secret.Box
	secrets *engine.ClientSecrets
	queue   *queue.Queue
	vault   *secret.Vault
	watch   engine.Watch
}

func (i *invocation) newEngine(s *store.Store, p parts) *engine.Engine {
	return engine.New(s, p.amazon, p.box, engine.Settings{
		Holder: holder(), ClientID: i.settings.AmazonClientID, RateScale: i.settings.AmazonRateScale,
		Interval: i.settings.SyncInterval, Overlap: i.settings.Overlap, Lease: i.settings.Lease,
		RevokedAfter: i.settings.RevokedAfter, History: i.settings.History, Sweep: i.settings.Sweep, Workers: i.settings.workers(),
		Retention: i.settings.retention(), Consent: i.settings.consent(), Vault: p.vault,
		ClientSecrets: p.secrets, Queue: p.queue, RotatesByCommand: i.settings.AmazonQueue != "", Watch: p.watch,
	}, i.log)
}

// clientSecrets keeps the client secrets that come by rotation.
func (i *invocation) clientSecrets(s *store.Store, box *secret.Box, digestKey []byte) *engine.ClientSecrets {
	return engine.NewClientSecrets(s, box, digestKey, i.settings.AmazonClientID, secret.New(i.settings.AmazonClientSecret))
}

// openQueue prepares to read the application's notifications; nil: there are none.
func (i *invocation) openQueue() (*queue.Queue, error) {
	if i.settings.AmazonQueue == "" {
		return nil, nil
	}
	q, err := queue.Open(i.ctx, i.settings.AmazonQueue)
	if err != nil {
		return nil, usageError{fmt.Errorf("ORDERSYNC_AMAZON_NOTIFICATIONS_QUEUE: %w", err)}
	}
	return q, nil
}

func (i *invocation) amazon(digestKey []byte, stored *engine.ClientSecrets, watch spapi.Watch) (*spapi.Client, error) {
	if i.settings.AmazonClientID == "" || i.settings.AmazonClientSecret == "" {
		return nil, errors.New("ORDERSYNC_AMAZON_CLIENT_ID and ORDERSYNC_AMAZON_CLIENT_SECRET are needed: take them from the application's page in Seller Central, under LWA credentials, set both, and let `ordersync doctor` look")
	}
	key, previous := secret.New(i.settings.AmazonClientSecret), secret.New(i.settings.AmazonPrevious)
	return spapi.New(spapi.Config{
		ClientID: i.settings.AmazonClientID, ClientSecret: key.Reveal, PreviousSecret: previous.Reveal, StoredSecrets: stored.Reveal,
		LWAURL: i.settings.AmazonLWAURL, APIURL: i.settings.AmazonAPIURL,
		UserAgent: spapi.UserAgent(version), CallTimeout: i.settings.CallTimeout, Now: i.now, DigestKey: digestKey, Watch: watch,
	})
}

// holder names this process in leases.
func holder() string {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return fmt.Sprintf("%s/%d", host, os.Getpid())
}

// close closes what open opened.
func (w workplace) close() error {
	if w.watch != nil {
		w.watch.close()
	}
	if w.vault != nil {
		w.vault.Close()
	}
	return w.store.Close()
}
