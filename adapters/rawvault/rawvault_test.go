package rawvault_test

import (
	"bytes"
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/adapters/rawvault"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

func tenant(t testing.TB, s string) domain.TenantID {
	t.Helper()
	id, err := domain.ParseTenantID(s)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

// secrets is a SecretStore that can be away, and counts how often it is asked.
type secrets struct {
	*memory.SecretStore

	mu    sync.Mutex // guards the rest
	away  bool
	asked int
}

var errAway = domain.Errorf(domain.ErrUnavailable, "the store is away")

// set says whether the store is away.
func (s *secrets) set(away bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.away = away
}

// count is how often it was asked.
func (s *secrets) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.asked
}

func (s *secrets) call() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.asked++; s.away {
		return errAway
	}
	return nil
}

func (s *secrets) Get(ctx context.Context, path domain.SecretPath) (domain.SecretData, error) {
	if err := s.call(); err != nil {
		return nil, err
	}
	return s.SecretStore.Get(ctx, path)
}

func (s *secrets) Put(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	if err := s.call(); err != nil {
		return err
	}
	return s.SecretStore.Put(ctx, path, data)
}

func (s *secrets) Create(ctx context.Context, path domain.SecretPath, data domain.SecretData) error {
	if err := s.call(); err != nil {
		return err
	}
	return s.SecretStore.Create(ctx, path, data)
}

func (s *secrets) Delete(ctx context.Context, path domain.SecretPath) error {
	if err := s.call(); err != nil {
		return err
	}
	return s.SecretStore.Delete(ctx, path)
}

func raw(text string) domain.StoredSource {
	return domain.Source{MediaType: "message/rfc822", Bytes: []byte(text)}.Plain()
}

func seal(t testing.TB, v ports.SourceVault, who domain.TenantID, r domain.StoredSource) domain.StoredSource {
	t.Helper()
	s, err := v.Sealer(t.Context(), who)
	if err != nil {
		t.Fatal(err)
	}
	sealed, err := s.Seal(r)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func TestKeysThatAreHereNeedNoSecretStore(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	store, s, clock := memory.NewStore(), &secrets{SecretStore: memory.NewSecretStore()}, memory.NewClock(noon)
	v := rawvault.New(store, s, rawvault.Options{Clock: clock})
	one, two := tenant(t, "one"), tenant(t, "two")
	sealed := seal(t, v, one, raw("hello"))
	s.set(true)
	for range 3 {
		clock.Advance(hour) // the database says each time that the key was not erased
		again, err := v.Open(t.Context(), one, sealed)
		is.NoErr(err)
		is.Equal(string(again.Bytes), "hello")
		_, err = v.Sealer(t.Context(), one)
		is.NoErr(err)
	}
	_, err := v.Sealer(t.Context(), two) // whose key is not here
	is.True(errors.Is(err, domain.ErrUnavailable))
	_, err = rawvault.New(store, s, rawvault.Options{Clock: clock}).Open(t.Context(), one, sealed) // nor is it in another process
	is.True(errors.Is(err, domain.ErrUnavailable))
	s.set(false)
	_, err = v.Sealer(t.Context(), two)
	is.NoErr(err)
	asked := s.count()
	for range 100 {
		seal(t, v, two, raw("x"))
	}
	is.Equal(s.count(), asked)
}

func TestAnErasedKeyWorksForAMinuteAtMost(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	store, s, clock := memory.NewStore(), memory.NewSecretStore(), memory.NewClock(noon)
	here, there := rawvault.New(store, s, rawvault.Options{Clock: clock}), rawvault.New(store, s, rawvault.Options{Clock: clock})
	who := tenant(t, "one")
	sealed := seal(t, here, who, raw("hello"))
	_, err := there.Open(t.Context(), who, sealed)
	is.NoErr(err)
	is.NoErr(here.Erase(t.Context(), who))
	_, err = here.Open(t.Context(), who, sealed)
	is.True(errors.Is(err, domain.ErrNotFound))
	clock.Advance(minute)
	_, err = there.Open(t.Context(), who, sealed)
	is.True(errors.Is(err, domain.ErrNotFound))
	next := seal(t, there, who, raw("hello again"))
	is.True(next.Key != sealed.Key)
	again, err := here.Open(t.Context(), who, next)
	is.NoErr(err)
	is.Equal(string(again.Bytes), "hello again")
}

// A key that is gone from the SecretStore although nobody erased it may be restored: nothing is given up for it.
func TestALostKeyIsSaidAndNotReplaced(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	store, s := memory.NewStore(), memory.NewSecretStore()
	who := tenant(t, "one")
	sealed := seal(t, rawvault.New(store, s, rawvault.Options{}), who, raw("hello"))
	path := domain.NewRawKeyPath(who, sealed.Key)
	key, err := s.Get(t.Context(), path)
	is.NoErr(err)
	is.NoErr(s.Delete(t.Context(), path))
	other := rawvault.New(store, s, rawvault.Options{})
	_, err = other.Sealer(t.Context(), who)
	is.True(errors.Is(err, domain.ErrUnavailable))
	is.NoErr(s.Put(t.Context(), path, key))
	again, err := other.Open(t.Context(), who, sealed)
	is.NoErr(err)
	is.Equal(string(again.Bytes), "hello")
}

// The master key may be exchanged: what it wrapped before stays readable as long as it stays beside the new one.
func TestMasterKeysRotate(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	store, s := memory.NewStore(), memory.NewSecretStore()
	one, two := tenant(t, "one"), tenant(t, "two")
	sealed := seal(t, rawvault.New(store, s, rawvault.Options{}), one, raw("hello"))
	master, err := s.Get(t.Context(), domain.MasterKeyPath)
	is.NoErr(err)
	before := master["current"].Reveal()
	next := domain.SecretData{"current": domain.NewSecret("2027"), before: master[before], "2027": domain.NewSecret("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")}
	is.NoErr(s.Put(t.Context(), domain.MasterKeyPath, next))
	v := rawvault.New(store, s, rawvault.Options{})
	_, err = v.Open(t.Context(), one, sealed)
	is.NoErr(err)
	another := seal(t, v, two, raw("hello"))
	delete(next, before)
	is.NoErr(s.Put(t.Context(), domain.MasterKeyPath, next))
	v = rawvault.New(store, s, rawvault.Options{})
	_, err = v.Open(t.Context(), one, sealed)
	is.True(errors.Is(err, domain.ErrUnavailable)) // it may be restored
	_, err = v.Open(t.Context(), two, another)
	is.NoErr(err)
}

func TestRawsThatWereMovedAreFetched(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	objects, who := memory.NewObjectStore(), tenant(t, "one")
	v := rawvault.New(memory.NewStore(), memory.NewSecretStore(), rawvault.Options{Objects: objects})
	sealed := seal(t, v, who, raw("hello"))
	is.NoErr(objects.Put(t.Context(), sealed.ObjectName(who), sealed.Bytes))
	moved := sealed
	moved.Bytes = nil
	again, err := v.Open(t.Context(), who, moved)
	is.NoErr(err)
	is.Equal(string(again.Bytes), "hello")
	is.NoErr(objects.Put(t.Context(), sealed.ObjectName(who), sealed.Bytes[:20]))
	_, err = v.Open(t.Context(), who, moved)
	is.True(errors.Is(err, domain.ErrInvalid))
	is.NoErr(objects.Delete(t.Context(), sealed.ObjectName(who)))
	_, err = v.Open(t.Context(), who, moved)
	is.True(errors.Is(err, domain.ErrInvalid))
}

// Whatever is damaged, nothing else than what was sealed comes out.
func FuzzOpen(f *testing.F) {
	v := rawvault.New(memory.NewStore(), memory.NewSecretStore(), rawvault.Options{})
	who := tenant(f, "one")
	sealed := seal(f, v, who, raw("Subject: hello\r\n\r\nHello"))
	f.Add(sealed.Bytes, sealed.Size)
	f.Add(sealed.Bytes[:13], 0)
	f.Add([]byte{1}, 1<<40)
	f.Fuzz(func(t *testing.T, b []byte, size int) {
		damaged := sealed
		damaged.Bytes, damaged.Size = b, size
		again, err := v.Open(t.Context(), who, damaged)
		switch {
		case err == nil && !bytes.Equal(again.Bytes, []byte("Subject: hello\r\n\r\nHello")):
			t.Errorf("opened %q", again.Bytes)
		case err != nil && !errors.Is(err, domain.ErrInvalid) && len(b) > 0:
			t.Error(err)
		}
	})
}

func BenchmarkSeal(b *testing.B) { benchmark(b, true) }

func BenchmarkOpen(b *testing.B) { benchmark(b, false) }

func benchmark(b *testing.B, sealing bool) {
	v := rawvault.New(memory.NewStore(), memory.NewSecretStore(), rawvault.Options{})
	who := tenant(b, "one")
	line := []byte("Received: from a1.smtp-out.eu-west-1.amazonses.com by mx.inbox.example; the quick brown fox\r\n")
	for name, size := range map[string]int{"3KB": 3 << 10, "13MB": 13 << 20} {
		b.Run(name, func(b *testing.B) {
			plain := domain.Source{MediaType: "message/rfc822", Bytes: bytes.Repeat(line, size/len(line))}.Plain()
			if size > 1<<20 { // a file in base64 cannot be packed much
				plain = domain.Source{Bytes: base64Noise(size)}.Plain()
			}
			sealed := seal(b, v, who, plain)
			s, err := v.Sealer(b.Context(), who)
			if err != nil {
				b.Fatal(err)
			}
			b.SetBytes(int64(plain.Size))
			b.ReportAllocs()
			for b.Loop() {
				if sealing {
					_, err = s.Seal(plain)
				} else {
					_, err = v.Open(b.Context(), who, sealed)
				}
				if err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// slowViews is a repository whose second look at the keys returns late.
type slowViews struct {
	ports.Repository
	mu       sync.Mutex // guards looks
	looks    int
	second   chan struct{} // closed when the second look has been taken
	release  chan struct{} // lets it return
	inserted chan struct{} // closed when a key was inserted
}

func (r *slowViews) View(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	err := r.Repository.View(ctx, tenant, fn)
	r.mu.Lock()
	r.looks++
	n := r.looks
	r.mu.Unlock()
	if n == 2 {
		close(r.second)
		<-r.release
	}
	return err
}

func (r *slowViews) Update(ctx context.Context, tenant domain.TenantID, fn ports.TxFunc) error {
	<-r.second // so that the look saw no key
	err := r.Repository.Update(ctx, tenant, fn)
	close(r.inserted)
	return err
}

// Who has made a key does not take the word of a look that was begun before.
func TestAKeyThatWasJustMadeIsFound(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	repo := &slowViews{
		Repository: memory.NewStore(), second: make(chan struct{}), release: make(chan struct{}), inserted: make(chan struct{}),
	}
	v := rawvault.New(repo, memory.NewSecretStore(), rawvault.Options{})
	made := make(chan error, 1)
	go func() {
		_, err := v.Sealer(t.Context(), tenant(t, "one"))
		made <- err
	}()
	for looked := false; !looked; { // the first look is over: the key is being made
		repo.mu.Lock()
		looked = repo.looks == 1
		repo.mu.Unlock()
	}
	other := make(chan error, 1)
	go func() {
		_, err := v.Open(t.Context(), tenant(t, "one"), domain.StoredSource{Key: domain.NewID[domain.SourceKeyID]()})
		other <- err
	}()
	<-repo.inserted
	is.NoErr(<-made)
	close(repo.release)
	is.True(errors.Is(<-other, domain.ErrNotFound))
}
