package main

import (
	"fmt"
	"runtime"
)

// versionCommand prints the version.
type versionCommand struct {
	JSON bool `help:"Print JSON."`
}

// builtFrom is the version as JSON.
type builtFrom struct {
	Version string `json:"version"`
	Go      string `json:"go"`
	OS      string `json:"os"`
	Arch    string `json:"arch"`
}

func (versionCommand) needsNoSettings() {}

// Run prints the program's version and what built it.
func (c versionCommand) Run(i *invocation) error {
	if c.JSON {
		return printJSON(i.out, builtFrom{version, runtime.Version(), runtime.GOOS, runtime.GOARCH})
	}
	_, err := fmt.Fprintf(i.out, "%s %s (%s, %s/%s)\n", programName, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return printed(err)
}
