package main

// frenchSentences are the sentences of other rooms that fill something in; the
// first that fits counts.
var frenchSentences = []spokenElsewhere{
	// Of an explanation.
	{"connection %s has it: first stored %s, last changed here %s, at Amazon %s.", "la connexion %s l'a : enregistrée d'abord %s, modifiée ici en dernier %s, chez Amazon %s."},
	{"connection %s set it aside, since it cannot be read (%s); it is asked for again %s.", "la connexion %s l'a mise de côté, car elle est illisible (%s) ; elle sera redemandée %s."},
	{"connection %s set it aside: %s.", "la connexion %s l'a mise de côté : %s."},
	{"connection %s does not have it: %s.", "la connexion %s ne l'a pas : %s."},
	{"changes up to %s were read", "les changements jusqu'à %s ont été lus"},
	{"without a gap from %s on", "sans trou depuis %s"},
	{"%s gaps of the history that is wanted are still to be read", "%s trous de l'historique voulu restent à lire"},
	{"the last reading ended with %s", "la dernière lecture s'est terminée par %s"},
	{"Amazon was asked, and %s.", "Amazon a été interrogé : %s."},
	{"Amazon was not asked: %s.", "Amazon n'a pas été interrogé : %s."},
	{"Amazon was to be asked, and nothing came: %s", "Amazon devait être interrogé, et rien n'est venu : %s"},

	// Of the doctor.
	{"its schema has version %s, this program wants %s", "son schéma a la version %s, ce programme veut la %s"},
	{"its schema has version %s, this program knows %s", "son schéma a la version %s, ce programme connaît la %s"},
	{"it answers, and its schema has version %s", "elle répond, et son schéma a la version %s"},
	{"there are %s keys: the first seals, all open", "il y a %s clés : la première scelle, toutes ouvrent"},
	{"Amazon's clock is %s behind this machine's", "l'horloge d'Amazon retarde de %s sur celle de cette machine"},
	{"Amazon's clock is %s ahead of this machine's", "l'horloge d'Amazon avance de %s sur celle de cette machine"},
	{"%s of %s connections that were tried are well", "%s connexions sur %s essayées vont bien"},
	{"%s of %s connections have a refresh token; Amazon was not asked of them", "%s connexions sur %s ont un jeton d'actualisation ; Amazon n'a pas été interrogé à leur sujet"},
	{"%s connections have been due for more than %s, and nobody works on them", "%s connexions attendent depuis plus de %s, et personne n'y travaille"},
	{"the fleet has stood still since %s: %s", "tout est à l'arrêt depuis %s : %s"},

	// Of the client secret's age, which warnings begin with a capital letter.
	{"the client secret is %s days old, of %s", "le secret de l'application a %s jours, du %s"},
	{"the client secret is at least %s days old: it was first seen on %s", "le secret de l'application a au moins %s jours : il a été vu pour la première fois le %s"},
	{"The client secret is %s days old, of %s", "Le secret de l'application a %s jours, du %s"},
	{"The client secret is at least %s days old: it was first seen on %s", "Le secret de l'application a au moins %s jours : il a été vu pour la première fois le %s"},
	{"and must have ended by %s", "et doit avoir pris fin le %s"},
	{"and ended on %s", "et a pris fin le %s"},
	{"and ends on %s at the latest", "et prend fin le %s au plus tard"},
	{"and ends on %s", "et prend fin le %s"},

	{"%s: it was given on %s and lasts 365 days", "%s : elle a été donnée le %s et dure 365 jours"},

	// Of the status.
	{"The seller's authorisation ends within %s days, a year after it was given: connect again before (`ordersync connect`).", "L'autorisation du vendeur prend fin dans %s jours au plus, un an après avoir été donnée : reconnectez-le avant (`ordersync connect`)."},
	{"%s for many connections of %s at once; it is no verdict on any of them, and nobody needs to act", "%s pour de nombreuses connexions de %s à la fois ; ce n'est un verdict sur aucune, et personne n'a à agir"},
	{"%s Since %s.", "%s Depuis %s."},
	{"an error that ordersync does not know; look for %s in the log", "une erreur qu'ordersync ne connaît pas ; cherchez %s dans le journal"},
}
