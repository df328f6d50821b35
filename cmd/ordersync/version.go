package main

import (
	"fmt"
	"runtime"
)

// versionCommand prints the version.
type versionCommand struct{}

func (versionCommand) needsNoSettings() {}

// Run prints the program's version and what built it.
func (versionCommand) Run(i *invocation) error {
	_, err := fmt.Fprintf(i.out, "%s %s (%s, %s/%s)\n", programName, version, runtime.Version(), runtime.GOOS, runtime.GOARCH)
	return printed(err)
}
