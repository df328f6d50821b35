package secret

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"
)

// maxKeyFile is how large a key file may be, in bytes: some 1,400 keys.
const maxKeyFile = 64 << 10

// hasModes tells whether files have an owner and modes to check here.
const hasModes = runtime.GOOS != "windows"

// LoadOrCreateKeyFile reads the master key from the file at path, and makes the
// file with a new key when there is none: readable by its owner only, on disk
// before this returns, and made once, even when several processes start
// together. created tells whether this call made it. The text is good for
// [ParseMasterKey].
//
// A file that is readable by others, empty or malformed is an error and is left
// alone: a new key in its place would lose every secret that is stored.
func LoadOrCreateKeyFile(path string) (text string, created bool, err error) {
	text, err = loadKeyFile(path)
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return text, false, err
	}
	err = createKeyFile(path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return "", false, fmt.Errorf("make key file %s: %w", path, err)
	}
	created = err == nil
	// Who came second waits for the disk as well: the winner may die before its
	// own sync, and what is sealed now must find its key after a power cut.
	if err := syncDir(filepath.Dir(path)); err != nil {
		return "", created, fmt.Errorf("make key file %s: %w", path, err)
	}
	text, err = loadKeyFile(path)
	return text, created, err
}

// loadKeyFile reads and checks the file at path.
func loadKeyFile(path string) (string, error) {
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("key file: %w", err)
	}
	defer func() { _ = file.Close() }() // nothing was written
	info, err := file.Stat()
	if err != nil {
		return "", fmt.Errorf("key file: %w", err)
	}
	if !info.Mode().IsRegular() {
		return "", fmt.Errorf("key file %s is no regular file: move it away, or name another", path)
	}
	if mode := info.Mode().Perm(); hasModes && mode&0o077 != 0 {
		return "", fmt.Errorf("key file %s can be read or written by others (mode %04o): run chmod 600 %[1]s", path, mode)
	}
	raw, err := io.ReadAll(io.LimitReader(file, maxKeyFile+1))
	if err != nil {
		return "", fmt.Errorf("key file: %w", err)
	}
	if len(raw) > maxKeyFile {
		// Cut, it could lack just the key that opens what is stored.
		return "", fmt.Errorf("key file %s has more than %d bytes, which no key file has; it will NOT be overwritten: restore it from a backup, or name another", path, maxKeyFile)
	}
	text := strings.TrimSpace(string(raw))
	if _, err := ParseMasterKey(text); err != nil {
		return "", fmt.Errorf("key file %s holds no master key; it will NOT be overwritten, "+
			"since every stored secret would be lost: restore it from a backup, or remove it if nothing was ever stored: %w", path, err)
	}
	return text, nil
}

// RotateKeyFile puts a new key before those of the key file at path: it seals from
// the next start on, the others still open. The file is replaced at once or not at
// all.
func RotateKeyFile(path string) error {
	text, err := loadKeyFile(path)
	if err != nil {
		return err
	}
	return replaceKeyFile(path, GenerateMasterKey()+","+text)
}

// TrimKeyFile leaves only the key that seals in the key file at path. Nothing may be
// sealed under another any more.
func TrimKeyFile(path string) error {
	text, err := loadKeyFile(path)
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(text, ",")
	return replaceKeyFile(path, strings.TrimSpace(first))
}

// replaceKeyFile writes the file at path anew. Whoever reads it meanwhile sees the
// old one or the new one, whole.
func replaceKeyFile(path, text string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // O_EXCL, 0600
	if err != nil {
		return fmt.Errorf("replace key file %s: %w", path, err)
	}
	defer func() { _ = os.Remove(temp.Name()) }() // there is none once it is renamed
	_, err = temp.WriteString(text + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if err = errors.Join(err, temp.Close()); err == nil {
		err = os.Rename(temp.Name(), path)
	}
	if err == nil {
		err = syncDir(filepath.Dir(path))
	}
	if err != nil {
		return fmt.Errorf("replace key file %s: %w", path, err)
	}
	return nil
}

// createKeyFile makes the file at path with a new key. The error is
// [fs.ErrExist] when there is one already, whole.
//
// The key is written under another name and linked into place: a link never
// replaces a file, and nobody ever sees half of one.
func createKeyFile(path string) error {
	temp, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".*") // O_EXCL, 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(temp.Name()) }() // what is left behind is a key that nobody uses, or a second name
	_, err = temp.WriteString(GenerateMasterKey() + "\n")
	if err == nil {
		err = temp.Sync()
	}
	if err := errors.Join(err, temp.Close()); err != nil {
		return err
	}
	err = os.Link(temp.Name(), path)
	if err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("%w (where files cannot be linked, make it by hand: umask 077; openssl rand -base64 32 > %s)", err, path)
	}
	return err
}

// syncDir makes the names in a directory last through a power cut.
func syncDir(path string) error {
	if !hasModes {
		return nil // Windows opens no directories
	}
	dir, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(dir.Sync(), dir.Close())
}
