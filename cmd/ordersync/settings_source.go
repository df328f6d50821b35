package main

import (
	"reflect"

	"github.com/alecthomas/kong"

	"ordersync/internal/web"
)

// flagsGiven are the variables whose flags stand on the command line.
func flagsGiven(parsed *kong.Context) map[string]bool {
	given := map[string]bool{}
	for _, element := range parsed.Path {
		if element.Flag == nil || element.Resolved {
			continue
		}
		for _, name := range element.Flag.Envs {
			given[name] = true
		}
	}
	return given
}

// inForce is the configuration as the dashboard shows it: what `ordersync config` prints,
// and where each value comes from.
func (i *invocation) inForce(lookup func(string) (string, bool)) []web.Setting {
	rows := i.settings.table()
	values := map[string]string{}
	for _, r := range rows {
		values[r.Name] = r.Value
	}
	out := make([]web.Setting, 0, len(rows))
	for n, r := range rows {
		tag := reflect.TypeFor[settings]().Field(n).Tag
		s := web.Setting{Name: r.Name, Value: r.Value, Secret: r.Value != "" && tag.Get("secret") == "all"}
		if i.openDashboard && reflect.ValueOf(i.settings).Field(n).IsZero() {
			s.Value = r.Default // the demo leaves it to whoever reads it
		}
		_, inEnvironment := lookup(r.Name)
		switch {
		case values[r.Name+"_FILE"] != "":
			s.From = web.FromFile
		case i.openDashboard && s.Value != r.Default:
			s.From = web.FromDemo
		case i.openDashboard:
			s.From = web.FromDefault
		case i.flags[r.Name]:
			s.From = web.FromCommandLine
		case inEnvironment:
			s.From = web.FromEnvironment
		default:
			s.From = web.FromDefault
		}
		out = append(out, s)
	}
	return out
}
