package ordersync

import "slices"

// Status is the coarse end of a target.
type Status string

// The statuses.
const (
	StatusSuccess Status = "success"
	StatusPartial Status = "partial" // not finished, goes on by itself
	StatusSkipped Status = "skipped" // not tried
	StatusFailed  Status = "failed"  // tried and could not
)

// Reason says in one word what happened to a target.
type Reason string

// The reasons. Their table is [Reasons].
const (
	Success                Reason = "SUCCESS"
	LockUnavailable        Reason = "LOCK_UNAVAILABLE"
	NotConnected           Reason = "NOT_CONNECTED"
	TokenMissing           Reason = "TOKEN_MISSING"
	AmazonRateLimit        Reason = "AMAZON_RATE_LIMIT"
	UnknownError           Reason = "UNKNOWN_ERROR"
	CatchingUp             Reason = "CATCHING_UP"
	Interrupted            Reason = "INTERRUPTED"
	TokenRevoked           Reason = "TOKEN_REVOKED"
	Paused                 Reason = "PAUSED"
	AccessDenied           Reason = "ACCESS_DENIED"
	PlatformDenied         Reason = "PLATFORM_DENIED"
	AmazonUnavailable      Reason = "AMAZON_UNAVAILABLE"
	AmazonBadResponse      Reason = "AMAZON_BAD_RESPONSE"
	RequestRejected        Reason = "REQUEST_REJECTED"
	ClockSkew              Reason = "CLOCK_SKEW"
	AppCredentialsInvalid  Reason = "APP_CREDENTIALS_INVALID"
	SecretStoreUnavailable Reason = "SECRET_STORE_UNAVAILABLE"
)

// Actor is who must act.
type Actor string

// The actors.
const (
	Nobody           Actor = "nobody"
	Tenant           Actor = "tenant"
	Operator         Actor = "operator"
	TenantOrOperator Actor = "tenant or operator"
	Us               Actor = "developers of ordersync"
)

// Again says when a connection is tried again after an outcome.
type Again string

// When it is tried again.
const (
	AgainInterval  Again = "after the interval"
	AgainToken     Again = "when its budget has the next token"
	AgainAtOnce    Again = "at once"
	AgainAsBefore  Again = "when it was due anyway"
	AgainNever     Again = "never by itself"
	AgainHourly    Again = "with each run, else hourly"
	AgainRevoked   Again = "after ORDERSYNC_REVOKED_AFTER; daily once confirmed"
	AgainResume    Again = "when it is resumed"
	AgainBackoff   Again = "interval × 2ⁿ with jitter, at most an hour"
	AgainWhenCured Again = "when the probe, once a minute, succeeds"
)

// ReasonInfo is one row of the table of reasons.
type ReasonInfo struct {
	Code    Reason
	Status  Status
	English string
	French  string
	Acts    Actor // at first
	Acts2   Actor // once confirmed: Amazon said it twice and apart
	Again   Again
}

// reasonTable is in the order in which the codes are listed to users: those of
// the system that this one replaces come first.
var reasonTable = []ReasonInfo{
	{Success, StatusSuccess, "orders are up to date", "les commandes sont à jour", Nobody, Nobody, AgainInterval},
	{LockUnavailable, StatusSkipped, "another process holds this connection and has committed nothing for two lease times", "un autre processus tient cette connexion et n'a rien validé depuis deux durées de bail", Nobody, Nobody, AgainAsBefore},
	{NotConnected, StatusSkipped, "this tenant is not connected to Amazon", "ce client n'est pas connecté à Amazon", Tenant, Tenant, AgainNever},
	{TokenMissing, StatusSkipped, "No refresh token in Vault - reconnect Amazon required", "Aucun jeton d'actualisation dans Vault - reconnexion à Amazon nécessaire", Tenant, Tenant, AgainHourly},
	{AmazonRateLimit, StatusPartial, "Amazon's budget for this seller is used up; it goes on by itself", "le budget d'Amazon pour ce vendeur est épuisé ; la reprise est automatique", Nobody, Nobody, AgainToken},
	{UnknownError, StatusFailed, "an error that ordersync does not know; its id is in the log", "une erreur qu'ordersync ne connaît pas ; son identifiant est dans le journal", Us, Us, AgainBackoff},
	{CatchingUp, StatusPartial, "part is done and more remains; it goes on by itself", "une partie est faite et il en reste ; la reprise est automatique", Nobody, Nobody, AgainAtOnce},
	{Interrupted, StatusPartial, "the run was cancelled or reached its deadline; the connection goes on as due", "l'exécution a été annulée ou a atteint son échéance ; la connexion continue comme prévu", Nobody, Nobody, AgainAsBefore},
	{TokenRevoked, StatusSkipped, "Amazon says that the seller's authorisation is no longer valid", "Amazon indique que l'autorisation du vendeur n'est plus valable", Nobody, Tenant, AgainRevoked},
	{Paused, StatusSkipped, "an operator paused this connection", "un opérateur a suspendu cette connexion", Operator, Operator, AgainResume},
	{AccessDenied, StatusFailed, "Amazon denies access for this connection: a role, the region or the authorisation does not fit", "Amazon refuse l'accès pour cette connexion : un rôle, la région ou l'autorisation ne convient pas", Nobody, TenantOrOperator, AgainBackoff},
	{PlatformDenied, StatusFailed, "Amazon denies access to many connections at once; it is no verdict on this one", "Amazon refuse l'accès à de nombreuses connexions à la fois ; ce n'est pas un verdict sur celle-ci", Nobody, Nobody, AgainBackoff},
	{AmazonUnavailable, StatusFailed, "Amazon does not answer or answers with errors of its own", "Amazon ne répond pas ou répond par ses propres erreurs", Nobody, Nobody, AgainBackoff},
	{AmazonBadResponse, StatusFailed, "Amazon's answer cannot be read or goes in circles", "la réponse d'Amazon est illisible ou tourne en rond", Operator, Operator, AgainBackoff},
	{RequestRejected, StatusFailed, "Amazon rejects the request as invalid", "Amazon rejette la requête comme invalide", Operator, Operator, AgainBackoff},
	{ClockSkew, StatusFailed, "the clocks of this machine and of Amazon differ", "les horloges de cette machine et d'Amazon diffèrent", Operator, Operator, AgainBackoff},
	{AppCredentialsInvalid, StatusFailed, "Amazon rejects the application's client id or secret; every tenant waits", "Amazon rejette l'identifiant ou le secret de l'application ; tous les clients attendent", Operator, Operator, AgainWhenCured},
	{SecretStoreUnavailable, StatusFailed, "the secret store does not answer; it is no verdict on the tenant's token", "le coffre de secrets ne répond pas ; ce n'est pas un verdict sur le jeton du client", Operator, Operator, AgainBackoff},
}

// Reasons is the closed list of reasons, the seed's first.
func Reasons() []ReasonInfo { return slices.Clone(reasonTable) }

// Info is the reason's row. A reason that is not in the table, as a newer
// version may have stored it, reads as a failure that needs us.
func (r Reason) Info() ReasonInfo {
	for _, info := range reasonTable {
		if info.Code == r {
			return info
		}
	}
	return ReasonInfo{Code: r, Status: StatusFailed, English: "a reason that this version does not know", French: "une raison que cette version ne connaît pas", Acts: Us, Acts2: Us, Again: AgainBackoff}
}

// ReasonCodes lists every reason and repair by name, the seven of the seed
// first and in its order.
func ReasonCodes() []string {
	codes := []string{
		string(Success), string(LockUnavailable), string(NotConnected), string(TokenMissing),
		string(InvalidDateFixed), string(AmazonRateLimit), string(UnknownError),
	}
	for _, r := range reasonTable {
		if !slices.Contains(codes, string(r.Code)) {
			codes = append(codes, string(r.Code))
		}
	}
	for _, r := range repairTable {
		if !slices.Contains(codes, string(r.Code)) {
			codes = append(codes, string(r.Code))
		}
	}
	return codes
}
