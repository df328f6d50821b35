package ordersync

import "time"

// Consent is one way of a seller to Amazon's consent page and back: whose account is
// to be connected or renewed, and who began it. Amazon, "Website authorization
// workflow", and where the seller began it at Amazon "Selling Partner Appstore
// authorization workflow".
type Consent struct {
	Tenant TenantID
	Region Region
	// Marketplace is the one on whose Seller Central the seller signs in.
	Marketplace string
	// Connection is the one that is renewed, for its own seller only; 0: the one that
	// the seller has, or a new one.
	Connection ConnectionID
	// StartedBy says for people who began it.
	StartedBy string
	// ReturnTo is where the seller goes in the end; "": a page of ours.
	ReturnTo string
	// ExpiresAt is until when the seller may follow the link.
	ExpiresAt time.Time
	// SellerID is the account with which the seller began at Amazon; only that one may
	// come back. "": it began with us.
	SellerID string
	// Proof tells that nobody of the tenant's has signed in: the account must be proven
	// to be the connection's own, and the seller be asked before it is renewed.
	Proof bool
	// Held tells that it was proven, and that the seller is being asked.
	Held bool
}

// ConsentTime is how long a seller may take from the link to Amazon and back.
// Amazon, "Website authorization workflow": ten minutes.
const ConsentTime = 10 * time.Minute

// ConsentProblem says why a seller's consent came to nothing.
type ConsentProblem string

// The problems of a consent.
const (
	ConsentUnknown     ConsentProblem = "unknown"
	ConsentExpired     ConsentProblem = "expired"
	ConsentElsewhere   ConsentProblem = "elsewhere"
	ConsentCancelled   ConsentProblem = "cancelled"
	ConsentOtherSeller ConsentProblem = "other_seller"
	ConsentRefused     ConsentProblem = "refused"
	ConsentAway        ConsentProblem = "amazon_away"
	ConsentNotKept     ConsentProblem = "not_kept"
	ConsentApplication ConsentProblem = "application"
	ConsentBadLogin    ConsentProblem = "bad_login"
	ConsentNoCookie    ConsentProblem = "no_cookie"
	ConsentNotProven   ConsentProblem = "not_proven"
	ConsentNotSetUp    ConsentProblem = "not_set_up"
)

// ConsentProblemInfo tells a seller of a problem: what it is, and what to do.
type ConsentProblemInfo struct {
	Code              ConsentProblem
	English, French   string
	Remedy, RemedyFR  string
	Again             bool // trying again by the same link may help
	OperatorsBusiness bool // it is not the seller's to mend
}

// ConsentProblems are all of them.
var ConsentProblems = []ConsentProblemInfo{
	{
		ConsentUnknown, "This link is not known, or was used already.", "Ce lien est inconnu, ou a déjà été utilisé.",
		"Start again from the page that brought you here.", "Recommencez depuis la page qui vous a amené ici.", false, false,
	},
	{
		ConsentExpired, "This link is too old.", "Ce lien est trop ancien.",
		"Ask for a new one where you got it.", "Demandez-en un nouveau là où vous l'avez reçu.", false, false,
	},
	{
		ConsentElsewhere, "This link was opened in another browser.", "Ce lien a été ouvert dans un autre navigateur.",
		"Go on there, or ask for a new link.", "Continuez dans celui-ci, ou demandez un nouveau lien.", false, false,
	},
	{
		ConsentCancelled, "Amazon sent you back without your consent.", "Amazon vous a renvoyé sans votre accord.",
		"Nothing was changed. If that was not meant, try again and confirm.", "Rien n'a été modifié. Si ce n'était pas voulu, réessayez et confirmez.", true, false,
	},
	{
		ConsentOtherSeller, "You have signed in with another Amazon seller account than the one that is connected here.",
		"Vous vous êtes connecté avec un autre compte vendeur Amazon que celui qui est relié ici.",
		"Sign out of Seller Central, and try again with the account that was connected.", "Déconnectez-vous de Seller Central, puis réessayez avec le compte qui était relié.", true, false,
	},
	{
		ConsentRefused, "Amazon did not accept its own confirmation; it lives for five minutes and can be used once.",
		"Amazon n'a pas accepté sa propre confirmation ; elle ne vaut que cinq minutes et une seule fois.",
		"Try again.", "Réessayez.", true, false,
	},
	{
		ConsentAway, "Amazon did not answer.", "Amazon n'a pas répondu.",
		"Try again in some minutes.", "Réessayez dans quelques minutes.", true, false,
	},
	{
		ConsentNotKept, "Your authorisation could not be kept safe, so it was not kept.", "Votre autorisation n'a pas pu être conservée en lieu sûr ; elle n'a donc pas été conservée.",
		"Try again in some minutes. The operators can see what is wrong.", "Réessayez dans quelques minutes. Les opérateurs voient ce qui ne va pas.", true, true,
	},
	{
		ConsentApplication, "Amazon does not accept this application at the moment.", "Amazon n'accepte pas cette application en ce moment.",
		"It is not your account. The operators must act; try again later.", "Votre compte n'y est pour rien. Les opérateurs doivent agir ; réessayez plus tard.", true, true,
	},
	{
		ConsentBadLogin, "This address is not complete, or does not come from Amazon's Seller Central.", "Cette adresse est incomplète, ou ne vient pas de Seller Central d'Amazon.",
		"Start again in Seller Central, under Manage Your Apps.", "Recommencez dans Seller Central, sous « Gérer vos applications ».", false, false,
	},
	{
		ConsentNoCookie, "The button was not pressed on our own page, or your browser keeps no cookies for it.",
		"Le bouton n'a pas été activé sur notre propre page, ou votre navigateur n'accepte pas ses cookies.",
		"Allow cookies for this site, and start again from the page that brought you here.", "Acceptez les cookies de ce site, puis recommencez depuis la page qui vous a amené ici.", false, false,
	},
	{
		ConsentNotProven, "We could not make sure that this is the Amazon account that is connected here, so nothing was changed.",
		"Nous n'avons pas pu vérifier qu'il s'agit du compte Amazon relié ici ; rien n'a donc été modifié.",
		"Sign in to this service as you always do, and connect the account from there.", "Connectez-vous à ce service comme d'habitude, puis reliez le compte depuis là.", false, false,
	},
	{
		ConsentNotSetUp, "Amazon accounts cannot be connected to this service yet.", "Les comptes Amazon ne peuvent pas encore être reliés à ce service.",
		"It is not your account. The operators must act; try again later.", "Votre compte n'y est pour rien. Les opérateurs doivent agir ; réessayez plus tard.", false, true,
	},
}

// Info is what a seller is told of the problem; of one that is not in the table it is
// that of [ConsentUnknown].
func (p ConsentProblem) Info() ConsentProblemInfo {
	for _, info := range ConsentProblems {
		if info.Code == p {
			return info
		}
	}
	return ConsentProblems[0]
}
