// Package simulation proves the promises: tests only. One seed decides a fleet,
// its troubles, every latency and which task goes on when; hours to days of virtual
// time pass over the real engine, store, client and simulator, and what is stored
// is compared with what Amazon has. The same seed does the same again.
//
//	stepper_test.go      one task at a time, chosen by the seed
//	seed_test.go         what a seed decides
//	faults_test.go       the troubles, and how often each came
//	world_test.go        sellers, connections, what happens to orders
//	episodes_test.go     troubles that last, and acts of operators
//	desk_test.go         acts of operators
//	consent_test.go      sellers who connect and renew
//	disconnect_test.go   disconnection, and what must stay
//	exchanges_test.go    client secret, master key and tokens that move
//	credentials_test.go  where the refresh tokens are
//	vault_test.go        a small Vault
//	vaultway_test.go     the way to Vault and back
//	process_test.go      processes, workers, ticks, doorbells
//	database_test.go     what becomes of transactions
//	amazon_test.go       the way to Amazon and back
//	witness_test.go      what Amazon has answered
//	audit_test.go        what the database notes of every write
//	check_test.go        what must hold at the end: safety
//	orders_test.go       the orders against Amazon's
//	live_test.go         what must have come to pass by when: liveness
package simulation
