package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"

	"ordersync/internal/engine"
	"ordersync/internal/store"
)

// tenantsImportCommand creates or changes connections from JSON lines.
type tenantsImportCommand struct {
	File string `arg:"" help:"File of JSON lines, or - for standard input."`
	JSON bool   `help:"Print JSON: how many lines came to what."`
}

// maxImportLine is how long a line may be, in bytes.
const maxImportLine = 1 << 20

// Run imports line by line: each is all or nothing, and a bad one does not stop
// the others.
func (c *tenantsImportCommand) Run(i *invocation) (err error) {
	in, err := c.input(i.in)
	if err != nil {
		return usageError{err}
	}
	defer func() { err = errors.Join(err, in.Close()) }()
	w, err := i.open(false)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, w.close()) }()

	var done importCounts
	read := i.meter("read %d lines")
	defer read.end()
	err = eachLine(in, func(n int, line []byte, tooLong bool) error {
		read.told(int64(n))
		imported, err := i.importOne(w, line, tooLong)
		var bad usageError
		if errors.As(err, &bad) {
			done.refused++
			_, _ = fmt.Fprintf(i.err, "line %d: %v\n", n, err)
			return nil
		}
		if err != nil {
			return fmt.Errorf("line %d: %w; the lines before it are done", n, err)
		}
		done.add(imported)
		return nil
	})
	read.end()
	if err != nil {
		return err
	}
	_, _ = fmt.Fprintf(i.err, "%d created, %d changed, %d unchanged, %d refused\n", done.created, done.changed, done.same, done.refused)
	if c.JSON {
		if err := printJSON(i.out, importedLines{done.created, done.changed, done.same, done.refused}); err != nil {
			return err
		}
	}
	if done.refused > 0 {
		return exitError(exitUsage)
	}
	return nil
}

// importCounts is what became of the lines.
type importCounts struct{ created, changed, same, refused int }

// importedLines are the counts as JSON.
type importedLines struct {
	Created   int `json:"created"`
	Changed   int `json:"changed"`
	Unchanged int `json:"unchanged"`
	Refused   int `json:"refused"` // each with its number on standard error
}

func (c *importCounts) add(one store.Imported) {
	switch {
	case one.Created:
		c.created++
	case one.Changed:
		c.changed++
	default:
		c.same++
	}
}

func (c *tenantsImportCommand) input(stdin io.Reader) (io.ReadCloser, error) {
	if c.File == "-" {
		return io.NopCloser(stdin), nil
	}
	f, err := os.Open(c.File)
	if err != nil {
		return nil, fmt.Errorf("FILE must name a file of JSON lines that this user may read, or be -: %w", nameless(err))
	}
	if info, err := f.Stat(); err != nil || info.IsDir() {
		return nil, errors.Join(errors.New("FILE is a folder: name a file of JSON lines, or - for standard input"), err, f.Close())
	}
	return f, nil
}

func (i *invocation) importOne(w workplace, line []byte, tooLong bool) (store.Imported, error) {
	if tooLong {
		return store.Imported{}, usageError{fmt.Errorf("the line has more than %d bytes: write one object a line", maxImportLine)}
	}
	spec, err := parseImportLine(line)
	if err != nil {
		return store.Imported{}, usageError{err}
	}
	done, err := w.engine.Import(i.ctx, spec)
	var wrong *engine.ImportError
	switch {
	case errors.Is(err, store.ErrSellerNeeded):
		err = usageError{store.ErrSellerNeeded}
	case errors.As(err, &wrong):
		err = usageError{wrong}
	}
	return done, err
}

// eachLine calls do for every line that is not blank, with its number from 1.
// Of a line that is too long do gets nothing but its number; the next one is
// read as usual.
func eachLine(in io.Reader, do func(n int, line []byte, tooLong bool) error) error {
	r := bufio.NewReaderSize(in, 64<<10)
	for n := 1; ; n++ {
		line, tooLong, err := readLine(r)
		if n == 1 {
			line = bytes.TrimPrefix(line, []byte("\ufeff")) // some editors mark UTF-8 so
		}
		line = bytes.TrimSpace(line)
		if len(line) > 0 || tooLong {
			if err := do(n, line, tooLong); err != nil {
				return err
			}
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return fmt.Errorf("line %d cannot be read: %w; the lines before it are done", n, err)
		}
	}
}

// readLine reads up to the next line end and keeps no more than a line may hold.
func readLine(r *bufio.Reader) (line []byte, tooLong bool, err error) {
	for {
		part, err := r.ReadSlice('\n')
		if tooLong = tooLong || len(line)+len(part) > maxImportLine; tooLong {
			line = nil
		} else {
			line = append(line, part...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, tooLong, err
		}
	}
}
