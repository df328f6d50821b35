package main

import (
	"fmt"
	"regexp"
	"strings"

	"ordersync"
)

// language is what people are spoken to in: French, or else English.
type language string

const french language = "fr"

// languageOf is the language by the setting, or else by the locale as POSIX has
// it: LC_ALL, LC_MESSAGES, LANG, of which the first that is set and not empty
// counts (POSIX.1-2017, XBD 8.2).
func languageOf(setting string, variable func(string) string) language {
	for _, locale := range []string{setting, variable("LC_ALL"), variable("LC_MESSAGES"), variable("LANG")} {
		if locale == "" {
			continue
		}
		name, _, _ := strings.Cut(locale, ".") // the character set
		name, _, _ = strings.Cut(name, "@")
		name, _, _ = strings.Cut(strings.ReplaceAll(name, "-", "_"), "_") // the country
		if strings.EqualFold(name, string(french)) {
			return french
		}
		break
	}
	return ""
}

// tr is a text of the program in the language. What is in no table is shown as
// it is: ids, codes, and what others say.
func (l language) tr(english string) string {
	if l == french {
		if text, ok := frenchTexts[english]; ok {
			return text
		}
	}
	return english
}

// say is a format of the program in the language, filled in.
func (l language) say(format string, args ...any) string { return fmt.Sprintf(l.tr(format), args...) }

// counted is a number with its noun.
func (l language) counted(n int, noun string) string {
	if l != french {
		return counted(n, noun)
	}
	text := frenchNouns[noun]
	if n > 1 || n < -1 { // 0 and 1 are singular in French
		text += "s"
	}
	return fmt.Sprintf("%d %s", n, text)
}

// statuses is how many have a status, which in French takes a plural.
func (l language) statuses(n int, status string) string {
	word := l.tr(status)
	if l == french && n > 1 && !strings.HasSuffix(word, "s") {
		word += "s"
	}
	return fmt.Sprintf("%d %s", n, word)
}

// reason is the sentence of a reason.
func (l language) reason(r ordersync.Reason) string {
	if l == french {
		return r.Info().French
	}
	return r.Info().English
}

// sentence is a sentence that another room of the program says, in English, in the
// language. What is no sentence of ours, as a driver's error, stays as it is.
func (l language) sentence(english string) string {
	if l != french {
		return english
	}
	if text, ok := frenchTexts[english]; ok {
		return text
	}
	for _, r := range ordersync.Reasons() {
		if english == r.English {
			return r.French
		}
	}
	for _, one := range frenchSentences {
		found := one.pattern().FindStringSubmatch(english)
		if found == nil {
			continue
		}
		var parts []any
		for _, part := range found[1:] {
			parts = append(parts, l.sentence(part))
		}
		return fmt.Sprintf(one.french, parts...)
	}
	return l.joined(english)
}

// joined is a sentence of several parts.
func (l language) joined(english string) string {
	for _, comma := range [][2]string{{"; ", " ; "}, {", ", ", "}, {": ", " : "}} {
		head, tail, found := strings.Cut(english, comma[0])
		if !found {
			continue
		}
		inFrench := [2]string{l.sentence(head), l.sentence(tail)}
		if inFrench != [2]string{head, tail} {
			return inFrench[0] + comma[1] + inFrench[1]
		}
	}
	return english
}

// spokenElsewhere is a sentence with what it fills in, as a format of %s.
type spokenElsewhere struct{ english, french string }

// pattern finds what was filled in.
func (s spokenElsewhere) pattern() *regexp.Regexp {
	return regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(s.english), "%s", "(.+?)") + "$")
}
