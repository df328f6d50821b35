package web

import "ordersync"

// verdict is how the page of one connection speaks of how it stands: in half a
// sentence, why, and what ends it.
type verdict struct{ short, why, ends string }

// verdicts is a table: a test wants every reason in it.
var verdicts = map[ordersync.Reason]verdict{
	ordersync.Success:                {"up to date", "The last reading went through to its end.", ""},
	ordersync.AmazonRateLimit:        {"waits for Amazon’s budget", "Amazon allows no more calls for this seller at the moment; each new one is used at once.", "The budget refills, by itself"},
	ordersync.CatchingUp:             {"catches up", "There is more to read than one turn may take. Part is stored, the rest follows.", "It goes on at once, by itself"},
	ordersync.Interrupted:            {"goes on as it was due", "A run was cancelled or reached its deadline before this connection was done.", "The next reading, by itself"},
	ordersync.LockUnavailable:        {"another process holds it", "Another process took this connection and has written nothing since.", "That process’s lease runs out, by itself"},
	ordersync.NotConnected:           {"the seller must connect", "The seller has not yet agreed at Amazon, or sells on no marketplace of this region.", "The seller connects"},
	ordersync.TokenMissing:           {"the seller must connect again", "The secret store answers, and has no refresh token of this seller.", "The seller connects again"},
	ordersync.TokenRevoked:           {"Amazon calls the consent invalid, not yet confirmed", "Amazon answered invalid_grant. It counts when Amazon says so again, apart: an outage is no verdict.", "Amazon is asked again, by itself"},
	ordersync.Paused:                 {"paused", "An operator paused it. Amazon is asked nothing meanwhile.", "An operator resumes it"},
	ordersync.AccessDenied:           {"Amazon denies access, not yet confirmed", "Amazon answered 403. It counts when Amazon still says so an hour after the first time.", "Amazon is asked again, by itself"},
	ordersync.PlatformDenied:         {"Amazon denies access to many", "Amazon answers 403 to many sellers of this region at once. It is no verdict on this one.", "Amazon recovers; it is tried again by itself"},
	ordersync.AmazonUnavailable:      {"Amazon does not answer", "Amazon answered with errors of its own, or not at all.", "Amazon recovers; it is tried again by itself"},
	ordersync.AmazonBadResponse:      {"Amazon’s answer cannot be read", "Amazon’s answer has no structure that can be read, or goes in circles.", "An operator looks at the message below; it is tried again meanwhile"},
	ordersync.RequestRejected:        {"Amazon rejects the request", "Amazon calls our request invalid.", "An operator imports the right marketplaces, or the seller connects again"},
	ordersync.ClockSkew:              {"the clocks differ", "The clock of this machine and Amazon’s are too far apart.", "An operator sets the clock"},
	ordersync.AppCredentialsInvalid:  {"the application’s credentials are refused", "Amazon rejects the client id or secret of the application. Every tenant waits.", "An operator sets the right client id and secret"},
	ordersync.SecretStoreUnavailable: {"the secret store does not answer", "The refresh token cannot be read. It is no verdict on the seller.", "An operator unseals the store, or lets it be reached"},
	ordersync.UnknownError:           {"stopped by a bug of ours", "Something failed in a way that ordersync does not know. The log has it, with the id below.", "We mend it; send us the log lines"},
}

// confirmedVerdicts are those that change once Amazon has said it twice and apart.
var confirmedVerdicts = map[ordersync.Reason]verdict{
	ordersync.TokenRevoked: {"the seller must connect again", "Amazon answered invalid_grant twice, apart from each other. An outage would not be enough.", "The seller connects again"},
	ordersync.AccessDenied: {"Amazon denies access", "Amazon answered 403, and again at least an hour later: a role, the region or the authorisation does not fit.", "The seller consents again, or the application’s roles are mended"},
}

// The verdicts of connections that have no reason.
var (
	switchedOff  = verdict{"switched off", "Somebody switched it off. Amazon is asked nothing meanwhile; its orders and its cursor stay.", "The seller connects again"}
	notYetRead   = verdict{"waits for its first reading", "It is connected, and its first reading has not ended yet.", "The first reading, by itself"}
	newerVersion = verdict{"stands in a way that this version does not know", "Another version of ordersync wrote it.", "Run one version of ordersync everywhere"}
)

func verdictOf(c ordersync.Connection) verdict {
	reason, actor := c.Need()
	switch {
	case c.State == ordersync.Disabled:
		return switchedOff
	case reason == "":
		return notYetRead
	}
	if v, ok := confirmedVerdicts[reason]; ok && actor != ordersync.Nobody {
		return v
	}
	if v, ok := verdicts[reason]; ok {
		return v
	}
	return newerVersion
}
