package boot_test

import (
	"encoding/json"
	"io"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Shopify/toxiproxy/v2"
	"github.com/rs/zerolog"
)

// newLine starts a Toxiproxy to address. It ends with the test.
func newLine(t *testing.T, address string) *toxiproxy.Proxy {
	t.Helper()
	server := toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop())
	p := toxiproxy.NewProxy(server, t.Name(), "127.0.0.1:0", address)
	if err := p.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Stop)
	return p
}

// relay starts a TCP server that leads to a Unix socket, which Toxiproxy does not.
func relay(t *testing.T, socket string) (address string) {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = ln.Close() })
	go func() {
		for {
			client, err := ln.Accept()
			if err != nil {
				return
			}
			go join(client, socket)
		}
	}()
	return ln.Addr().String()
}

// join carries a connection until either side ends it.
func join(client net.Conn, socket string) {
	defer func() { _ = client.Close() }()
	server, err := net.Dial("unix", socket)
	if err != nil {
		return
	}
	defer func() { _ = server.Close() }()
	go func() {
		_, _ = io.Copy(client, server)
		_ = client.Close()
	}()
	_, _ = io.Copy(server, client)
}

func port(t *testing.T, address string) int {
	t.Helper()
	_, p, err := net.SplitHostPort(address)
	if err != nil {
		t.Fatal(err)
	}
	n, err := strconv.Atoi(p)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// harm gives a line a toxic (github.com/Shopify/toxiproxy, "Toxics").
func harm(t *testing.T, p *toxiproxy.Proxy, kind string, attributes map[string]any) {
	t.Helper()
	toxic, err := json.Marshal(map[string]any{"type": kind, "attributes": attributes})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := p.Toxics.AddToxicJson(strings.NewReader(string(toxic))); err != nil {
		t.Fatal(err)
	}
}

// heal takes all toxics away.
func heal(t *testing.T, p *toxiproxy.Proxy) {
	t.Helper()
	p.Toxics.ResetToxics(t.Context())
}

// cutLines resets the connections to the database at any point of what they carry, over and over.
func cutLines(t *testing.T, s *chaos) {
	random := rand.New(rand.NewPCG(3, 3))
	for end := time.Now().Add(either(4*time.Second, 30*time.Second)); time.Now().Before(end); {
		harm(t, s.postgres, "reset_peer", map[string]any{"timeout": random.IntN(30)})
		time.Sleep(time.Duration(50+random.IntN(100)) * time.Millisecond)
		heal(t, s.postgres)
		time.Sleep(time.Duration(random.IntN(400)) * time.Millisecond)
	}
}

// slowLines has the database far away.
func slowLines(t *testing.T, s *chaos) {
	harm(t, s.postgres, "latency", map[string]any{"latency": 300})
	before := s.deliveredSoFar()
	time.Sleep(either(3*time.Second, 40*time.Second))
	s.storedSince(t, before) // it goes on, if slowly
	heal(t, s.postgres)
}

// cutPages resets the connections to the mail server after ever so many bytes: in the greeting, in the login, in the middle
// of a mail.
func cutPages(t *testing.T, s *chaos) {
	random := rand.New(rand.NewPCG(4, 4))
	for end := time.Now().Add(either(4*time.Second, 30*time.Second)); time.Now().Before(end); {
		harm(t, s.imap, "limit_data", map[string]any{"bytes": 1 + random.IntN(20_000)})
		time.Sleep(time.Duration(200+random.IntN(600)) * time.Millisecond)
		heal(t, s.imap)
	}
}
