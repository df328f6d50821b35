package web

import "ordersync"

// saying is how the pages speak of a reason to an operator: what it is, what to do,
// and what follows by itself.
type saying struct{ head, step, then string }

var statusWords = map[ordersync.Status]string{
	ordersync.StatusSuccess: "Success", ordersync.StatusPartial: "Partial", ordersync.StatusSkipped: "Skipped", ordersync.StatusFailed: "Failed",
}

// sayings is a table: a test wants every reason in it.
var sayings = map[ordersync.Reason]saying{
	ordersync.Success:                {"Up to date", "", ""},
	ordersync.AmazonRateLimit:        {"Amazon’s budget is empty", "", "Nothing is lost; they go on as the budget refills."},
	ordersync.CatchingUp:             {"Catching up", "", "Part is done and more remains; it goes on at once."},
	ordersync.Interrupted:            {"The last run was cut short", "", "It goes on as it was due."},
	ordersync.LockUnavailable:        {"Another process holds the connection", "", "It ends with that process’s lease, within a minute or two."},
	ordersync.NotConnected:           {"Not connected to Amazon", "The seller connects once.", "Its history comes by itself."},
	ordersync.TokenMissing:           {"No refresh token is stored", "The seller connects again.", "Reading goes on at once; no order of the time between is lost."},
	ordersync.TokenRevoked:           {"Amazon calls the consent invalid", "", "You are told once Amazon has said so again, some time later."},
	ordersync.Paused:                 {"Paused by an operator", "Resume it when its reason has passed.", "It catches up from its cursor."},
	ordersync.AccessDenied:           {"Amazon denies access to this seller", "", "You are told if Amazon still says so an hour after the first time."},
	ordersync.PlatformDenied:         {"Amazon denies access to many at once", "", "It is no verdict on any of them; they are tried again by themselves."},
	ordersync.AmazonUnavailable:      {"Amazon does not answer", "", "They are tried again by themselves."},
	ordersync.AmazonBadResponse:      {"Amazon sent an answer that cannot be read", "Look at the message on the connection’s page.", "It is tried again by itself. If it lasts over a day, report it to the makers of ordersync, with the message."},
	ordersync.RequestRejected:        {"Amazon rejects our request", "Read Amazon’s words on the connection’s page; import the right marketplaces, or connect it again.", "It is tried again by itself."},
	ordersync.ClockSkew:              {"The clocks of this machine and of Amazon differ", "Set the clock: start NTP on every machine that runs ordersync.", "They go on by themselves."},
	ordersync.AppCredentialsInvalid:  {"Amazon rejects the application’s credentials", "Set the client id and secret that Amazon shows for the application.", "One connection probes each minute; all go on when it succeeds."},
	ordersync.SecretStoreUnavailable: {"The secret store does not answer", "Unseal it, or let it be reached and read; the doctor says what is wrong.", "They go on by themselves."},
	ordersync.UnknownError:           {"A bug of ours", "Send the log lines with the error’s id to the makers of ordersync; they hold no personal data.", "It is tried again by itself."},
}

// confirmedSayings are those that change once Amazon has said it twice and apart.
var confirmedSayings = map[ordersync.Reason]saying{
	ordersync.TokenRevoked: {"The seller revoked the consent", "The seller connects again.", "Reading goes on at once; no order of the time between is lost."},
	ordersync.AccessDenied: {"Amazon denies access to this seller", "The seller consents again, so that the role is granted; or mend the application’s roles.", "They are tried again by themselves."},
}

func sayingOf(r ordersync.Reason, confirmed bool) saying {
	if s, ok := confirmedSayings[r]; ok && confirmed {
		return s
	}
	if s, ok := sayings[r]; ok {
		return s
	}
	if r == ordersync.OrdersSetAside {
		return saying{"Orders that cannot be read or stored", "Look at the causes on the connection’s page; if they last over a day, report them to the makers of ordersync.", "Nothing else waits for them; each is asked for again by itself."}
	}
	return saying{head: "A reason that this version does not know", step: "Run one version of ordersync everywhere."}
}
