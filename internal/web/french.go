package web

// frenchTables are the pages' sentences in French, by the English ones: a table a
// page, in the file of its name. A sentence stands in one of them only.
var frenchTables = []map[string]string{
	frenchFrame,
	frenchFleet,
}

// french is a sentence in French.
func french(english string) (string, bool) {
	for _, table := range frenchTables {
		if text, ok := table[english]; ok {
			return text, true
		}
	}
	return "", false
}
