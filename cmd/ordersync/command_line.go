package main

import (
	"slices"
	"strings"

	"github.com/alecthomas/kong"
)

// commandLine is a command line that is being typed.
type commandLine struct {
	app     *kong.Application
	node    *kong.Node        // the command as far as it is named
	values  map[string]string // what flags and arguments have by now, by name
	flag    *kong.Flag        // its value is typed now; nil: none's is
	place   int               // which of the command's arguments comes now
	literal bool              // behind --, where nothing is a flag
	current string            // the last word, as far as it is typed
}

// readCommandLine reads the words behind the program's name; the last is typed
// just now. What is wrong before it is passed over.
func readCommandLine(app *kong.Application, words []string) *commandLine {
	l := &commandLine{app: app, node: app.Node, values: map[string]string{}, current: words[len(words)-1]}
	for _, word := range words[:len(words)-1] {
		l.take(word)
	}
	return l
}

// take takes in a word that is done.
func (l *commandLine) take(word string) {
	switch {
	case l.flag != nil:
		l.values[l.flag.Name] = word
		l.flag = nil
	case !l.literal && word == "--":
		l.literal = true
	case !l.literal && strings.HasPrefix(word, "-") && word != "-":
		name, value, whole := strings.Cut(strings.TrimPrefix(word, "--"), "=")
		flag := l.flagNamed(name)
		switch {
		case flag == nil:
		case whole:
			l.values[name] = value
		case !flag.IsBool():
			l.flag = flag
		}
	default:
		if child := childNamed(l.node, word); child != nil {
			l.node = child
			return
		}
		if l.place < len(l.node.Positional) {
			l.values[l.node.Positional[l.place].Name] = word
			l.place++
		}
	}
}

func childNamed(n *kong.Node, name string) *kong.Node {
	for _, child := range n.Children {
		if child.Name == name {
			return child
		}
	}
	return nil
}

// flagNamed is the flag of this command or of the commands above it; nil: there is
// none.
func (l *commandLine) flagNamed(name string) *kong.Flag {
	for n := l.node; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if f.Name == name {
				return f
			}
		}
	}
	return nil
}

// candidate is something that may stand where the last word begins.
type candidate struct{ value, about string }

// candidates lists what may stand there; what does not begin as the word does is
// left out by the caller.
func (l *commandLine) candidates(i *invocation) (out []candidate) {
	if name, _, whole := strings.Cut(l.current, "="); whole && !l.literal && strings.HasPrefix(name, "--") {
		flag := l.flagNamed(strings.TrimPrefix(name, "--"))
		if flag == nil {
			return nil
		}
		inner := *l
		inner.current = strings.TrimPrefix(l.current, name+"=")
		for _, one := range inner.valuesOf(i, flag.Value) {
			out = append(out, candidate{name + "=" + one.value, one.about})
		}
		return out
	}
	switch {
	case l.flag != nil:
		return l.valuesOf(i, l.flag.Value)
	case !l.literal && strings.HasPrefix(l.current, "-"):
		return l.flags()
	case len(l.node.Children) > 0:
		for _, child := range l.node.Children {
			if !child.Hidden {
				out = append(out, candidate{child.Name, child.Help})
			}
		}
		return out
	}
	if v := l.argument(); v != nil {
		return l.valuesOf(i, v)
	}
	return nil
}

// argument is the argument that comes now; nil: none does.
func (l *commandLine) argument() *kong.Value {
	if l.place < len(l.node.Positional) {
		return l.node.Positional[l.place]
	}
	return nil
}

// flags lists those of the command. The settings, of which there are many, come
// once a letter of theirs was typed.
func (l *commandLine) flags() (out []candidate) {
	named := len(strings.Trim(l.current, "-")) > 0
	for n := l.node; n != nil; n = n.Parent {
		for _, f := range n.Flags {
			if !f.Hidden && (named || f.Group == nil) {
				out = append(out, candidate{"--" + f.Name, f.Help})
			}
		}
	}
	return out
}

// valuesOf lists the values of a flag or an argument, as far as they are known.
func (l *commandLine) valuesOf(i *invocation, v *kong.Value) (out []candidate) {
	for _, value := range v.EnumSlice() {
		if value != "" {
			out = append(out, candidate{value: value})
		}
	}
	if len(out) > 0 {
		return out
	}
	return stored(i, l, v.Name)
}

// files tells whether the shell is to add names of files.
func (l *commandLine) files() bool {
	v := l.argument()
	name, _, whole := strings.Cut(l.current, "=")
	switch flag := l.flagNamed(strings.TrimPrefix(name, "--")); {
	case whole:
		v = nil
		if flag != nil {
			v = flag.Value
		}
	case l.flag != nil:
		v = l.flag.Value
	case !l.literal && strings.HasPrefix(l.current, "-") || len(l.node.Children) > 0:
		return false
	}
	return v != nil && (v.Name == "file" || strings.HasSuffix(v.Name, "-file") || slices.Contains([]string{"FILE", "DIR"}, v.Tag.PlaceHolder))
}
