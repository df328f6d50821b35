package web

import "strings"

// frenchTables are the pages' sentences in French, by the English ones: a table a
// page, in the file of its name. A sentence stands in one of them only.
var frenchTables = []map[string]string{
	frenchFrame,
	frenchFleet,
	frenchConnections,
	frenchConnection,
	frenchReconnect,
	frenchRuns,
	frenchSettings,
	frenchOrders,
	frenchOrder,
}

// frenchSpaces are those before French punctuation, at which a line must not break. The
// tables have ordinary ones, which can be read.
var frenchSpaces = strings.NewReplacer(" :", noBreak+":", " ;", narrowSpace+";", " ?", narrowSpace+"?", " !", narrowSpace+"!", "« ", "«"+noBreak, " »", noBreak+"»")

// french is a sentence in French.
func french(english string) (string, bool) {
	for _, table := range frenchTables {
		if text, ok := table[english]; ok {
			return frenchSpaces.Replace(text), true
		}
	}
	return "", false
}
