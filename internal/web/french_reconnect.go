package web

// frenchReconnect is what is said of links for sellers, and to sellers.
var frenchReconnect = map[string]string{
	"Link to reconnect": "Lien de reconnexion",
	"Link to connect":   "Lien de connexion",
	"A link for the seller, who agrees once more in Seller Central. Cursor and orders stay.": "Un lien pour le vendeur, qui donne à nouveau son accord dans Seller Central. Le curseur et les commandes restent.",
	"A link for the seller, who agrees in Seller Central. The history comes by itself.":      "Un lien pour le vendeur, qui donne son accord dans Seller Central. L’historique vient de lui-même.",
	"It is good for seven days and one account, and shown once.":                             "Il est valable sept jours pour un seul compte, et n’est montré qu’une fois.",
	"To send to the seller": "À envoyer au vendeur",
	"Good until %s, once, in one browser, and for this seller only. It is shown this once.": "Valable jusqu’au %s, une seule fois, dans un seul navigateur et pour ce vendeur seulement. Il n’est montré que cette fois.",
	"Copy link":            "Copier le lien",
	"New link":             "Nouveau lien",
	"Copy text":            "Copier le texte",
	"Text in English":      "Texte en anglais",
	"Text in French":       "Texte en français",
	"What the seller does": "Ce que fait le vendeur",
	"Open the link":        "Ouvrir le lien",
	"With the main account of Seller Central, not a guest’s.": "Avec le compte principal de Seller Central, pas un compte invité.",
	"Confirm":                         "Confirmer",
	"Amazon shows who asks for what.": "Amazon montre qui demande quoi.",
	"Come back":                       "Revenir",
	"The page says that it is connected; this page changes by itself.":                         "La page dit que c’est fait ; cette page-ci change d’elle-même.",
	"sellers cannot connect yet: set ORDERSYNC_AMAZON_APPLICATION_ID and ORDERSYNC_PUBLIC_URL": "Les vendeurs ne peuvent pas encore se relier : renseignez ORDERSYNC_AMAZON_APPLICATION_ID et ORDERSYNC_PUBLIC_URL.",

	"%s at %s UTC": "%s à %s UTC",
	"Hello,":       "Bonjour,",
	"So that %s can read your orders at Amazon, open this link, sign in to Seller Central with the main account, and choose “Confirm”.":                              "Pour que %s puisse lire vos commandes chez Amazon, ouvrez ce lien, connectez-vous à Seller Central avec le compte principal, puis choisissez « Confirmer ».",
	"Amazon does not let %s read your orders any more. To restore it, open this link, sign in to Seller Central with the main account, and choose “Confirm”.":        "Amazon n’autorise plus %s à lire vos commandes. Pour rétablir l’accès, ouvrez ce lien, connectez-vous à Seller Central avec le compte principal, puis choisissez « Confirmer ».",
	"Amazon’s permission for %s to read your orders ends on %s. To renew it, open this link, sign in to Seller Central with the main account, and choose “Confirm”.": "L’autorisation d’Amazon pour que %s lise vos commandes prend fin le %s. Pour la renouveler, ouvrez ce lien, connectez-vous à Seller Central avec le compte principal, puis choisissez « Confirmer ».",
	"To renew Amazon’s permission for %s to read your orders, open this link, sign in to Seller Central with the main account, and choose “Confirm”.":                "Pour renouveler l’autorisation d’Amazon pour que %s lise vos commandes, ouvrez ce lien, connectez-vous à Seller Central avec le compte principal, puis choisissez « Confirmer ».",
	"It is good until %s, once, and for your account only.":    "Il est valable jusqu’au %s, une seule fois, et pour votre compte seulement.",
	"No order is lost: those placed meanwhile arrive at once.": "Aucune commande n’est perdue : celles passées entre-temps arriveront aussitôt.",
}
