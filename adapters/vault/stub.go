package vault

import (
	"context"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// The files of a stub. The lock is a file of its own because secrets.json is replaced as a whole.
const (
	stubFile = "secrets.json"
	stubNext = "secrets.json.next"
	stubLock = "secrets.lock"
)

// Stub is a ports.SecretStore in one JSON file with mode 0600, in clear text: for development, where there is no Vault.
// Any number of processes may use one folder at once. What Put or Delete did survives a crash; whatever is killed when,
// the file is whole.
type Stub struct{ dir string }

var _ ports.SecretStore = (*Stub)(nil)

// NewStub returns the stub in folder dir, which is made with mode 0700 when something is first stored.
func NewStub(dir string) *Stub { return &Stub{dir} }

// entries is the file's content: path, name, text.
type entries map[string]map[string]string

// Put implements ports.SecretStore.
func (s *Stub) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	texts, err := reveal(path, data)
	if err != nil {
		return err
	}
	return s.change(ctx, path, func(e entries) error {
		e[path.String()] = texts
		return nil
	})
}

// Create implements ports.SecretStore.
func (s *Stub) Create(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	texts, err := reveal(path, data)
	if err != nil {
		return err
	}
	return s.change(ctx, path, func(e entries) error {
		if _, there := e[path.String()]; there {
			return errThere
		}
		e[path.String()] = texts
		return nil
	})
}

// Delete implements ports.SecretStore.
func (s *Stub) Delete(ctx context.Context, path domain.SecretPath) error {
	return s.change(ctx, path, func(e entries) error {
		delete(e, path.String())
		return nil
	})
}

// Get implements ports.SecretStore. It needs no lock: the file is only ever replaced.
func (s *Stub) Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	if err := check(ctx, path); err != nil {
		return nil, err
	}
	e, err := s.read()
	if err != nil {
		return nil, err
	}
	texts, ok := e[path.String()]
	if !ok {
		return nil, errNone
	}
	return hide(path, texts)
}

// change rewrites the file while no other process does.
func (s *Stub) change(ctx context.Context, path domain.SecretPath, change func(entries) error) error {
	if err := check(ctx, path); err != nil {
		return err
	}
	if err := os.MkdirAll(s.dir, 0o700); err != nil {
		return unusable(err)
	}
	unlock, err := lock(ctx, filepath.Join(s.dir, stubLock))
	if err != nil {
		return err
	}
	defer unlock()
	e, err := s.read()
	if err != nil {
		return err
	}
	if err := change(e); err != nil {
		return err
	}
	return s.write(e)
}

func (s *Stub) read() (entries, error) {
	text, err := os.ReadFile(filepath.Join(s.dir, stubFile))
	if errors.Is(err, fs.ErrNotExist) {
		return entries{}, nil
	}
	if err != nil {
		return nil, unusable(err)
	}
	e := entries{}
	if json.Unmarshal(text, &e) != nil || e == nil {
		// What JSON says of its errors may quote the file.
		return nil, domain.Errorf(domain.ErrUnavailable, "the file of development secrets is damaged: mend or remove %s", stubFile)
	}
	return e, nil
}

// write replaces the file: the new one is on disk before it takes the name, and the name is on disk before write
// returns.
func (s *Stub) write(e entries) error {
	text, err := json.MarshalIndent(e, "", "  ")
	if err != nil {
		return unusable(err)
	}
	next := filepath.Join(s.dir, stubNext)
	// A process that was killed here may have left one, with whatever mode.
	if err := os.Remove(next); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return unusable(err)
	}
	if err := writeSynced(next, text); err != nil {
		return unusable(err)
	}
	if err := os.Rename(next, filepath.Join(s.dir, stubFile)); err != nil {
		return unusable(err)
	}
	dir, err := os.Open(s.dir)
	if err != nil {
		return unusable(err)
	}
	err = errors.Join(dir.Sync(), dir.Close())
	if err != nil {
		return unusable(err)
	}
	return nil
}

// writeSynced makes a file that only its owner reads, and brings it to the disk.
func writeSynced(name string, text []byte) error {
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.Write(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// unusable is for faults of the file system. They name files, never what is in them.
func unusable(err error) error {
	return domain.Wrap(domain.ErrUnavailable, err, "the file of development secrets cannot be used")
}
