package simulation

import (
	"math/rand/v2"
	"time"

	"ordersync/internal/spapisim"
)

// plan is what a seed decides before anything happens.
type plan struct {
	seed uint64

	connections int
	processes   int
	workers     int // in all
	pageSize    int // orders on a page at most
	rateScale   float64

	interval, sweep, history time.Duration
	lease, callTimeout       time.Duration
	revokedAfter             time.Duration

	leastStorm, mostStorm time.Duration
	between               time.Duration // two happenings at Amazon, on average
	perEpisode            time.Duration // two episodes, on average
	perCredential         time.Duration // two episodes of credentials, on average
	perAct                time.Duration // two acts of operators, on average
	mostLate              time.Duration
	wire                  float64 // share of calls that meet a fault of the wire
	fate                  float64 // share of transactions that meet one

	switches spapisim.Switches
	on       map[fault]bool

	vault   bool   // tokens are kept in Vault
	approle bool   // by logins that end, and not by a token of the operator's
	preset  string // where they lie there
	inBase  bool   // they lie in the database at first
}

// drawPlan decides. The numbers keep a seed small: some hundred calls.
func drawPlan(seed uint64) plan {
	rng := rand.New(rand.NewPCG(seed, 2))
	p := plan{seed: seed, on: map[fault]bool{}}
	p.connections = 5 + rng.IntN(3)
	if rng.IntN(25) == 0 {
		p.connections = 10 + rng.IntN(41)
	}
	p.processes = 1 + rng.IntN(3)
	p.workers = p.processes + rng.IntN(5)
	p.pageSize = 3 + rng.IntN(8)
	p.rateScale = pick(rng, 6.0, 8, 25, 50, 50)
	p.interval = pick[time.Duration](rng, 5, 10, 20, 60) * time.Minute
	if p.connections > 12 {
		p.interval = pick[time.Duration](rng, 60, 120) * time.Minute
	}
	p.sweep = pick[time.Duration](rng, 3, 6, 12, 24) * time.Hour
	if p.interval < p.sweep/24 {
		p.interval = p.sweep / 24
	}
	p.history = pick[time.Duration](rng, 6, 24, 5*24, 30*24) * time.Hour
	p.lease = pick[time.Duration](rng, 15, 30, 60) * time.Second
	p.callTimeout = p.lease / 3
	p.revokedAfter = pick[time.Duration](rng, 5, 15, 40) * time.Minute
	p.leastStorm = pick[time.Duration](rng, 1, 2, 5) * time.Hour
	p.mostStorm = max(6*p.leastStorm, 24*time.Hour)
	p.between = pick[time.Duration](rng, 4, 8, 15) * time.Minute
	p.perEpisode = pick[time.Duration](rng, 15, 30, 60) * time.Minute
	p.perAct = pick[time.Duration](rng, 10, 25, 60) * time.Minute
	p.mostLate = pick(rng, 10*time.Minute, time.Hour, 3*time.Hour, 24*time.Hour)
	p.wire = pick(rng, 0.02, 0.06, 0.12)
	p.fate = pick(rng, 0.0005, 0.002, 0.006)
	p.switches = spapisim.DrawSwitches(seed)
	p.switches.ClockSkew = spapisim.Duration(pick[time.Duration](rng, 0, 0, 0, 90*time.Second, -40*time.Second, 20*time.Minute))
	p.switches.RotateRefreshTokens = rng.IntN(4) == 0
	for _, f := range faults {
		p.on[f] = rng.IntN(2) == 0 // swarm: what is off leaves room for the rest
	}
	p.vault, p.approle, p.inBase = rng.IntN(2) == 0, rng.IntN(2) == 0, rng.IntN(3) == 0
	p.perCredential = pick[time.Duration](rng, 20, 40, 60) * time.Minute
	p.preset = pick(rng, "ordersync", "keybuzz")
	return p
}

func pick[T any](rng *rand.Rand, of ...T) T { return of[rng.IntN(len(of))] }
