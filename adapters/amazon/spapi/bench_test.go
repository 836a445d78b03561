package spapi_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// crowd is a client and many sellers at the stand-in, all in this process.
type crowd struct {
	theirs  *standin.Amazon
	client  *spapi.Client
	sellers []domain.AuthorizationState
}

func newCrowd(b *testing.B, n int) *crowd {
	b.Helper()
	app := standin.DemoApplication(redirectURI)
	c := &crowd{theirs: standin.Start(b, standin.Options{
		Application: app, Sellers: []standin.Seller{}, More: standin.Crowd(n, time.Now()),
		Slack: 2 * time.Second, // what a call is under way for on a busy machine
	})}
	store, secrets := memory.NewStore(), memory.NewSecretStore()
	client, err := spapi.New(spapi.Options{
		App:     spapi.App{ID: app.ID, ClientID: app.ClientID, ClientSecrets: []domain.Secret{domain.NewSecret(app.Secrets[0])}, RedirectURI: redirectURI},
		Secrets: secrets, Limits: memory.NewRateLimiter(store, ports.SystemClock{}),
		Endpoints: spapi.Endpoints{Token: c.theirs.TokenURL(), API: c.theirs.APIURLs(), Consent: c.theirs.ConsentBase()},
		Timeout:   time.Minute,
	})
	if err != nil {
		b.Fatal(err)
	}
	c.client = client
	for i := range n {
		id := standin.CrowdSeller(i)
		tenant, err := domain.ParseTenantID("shop-" + fmt.Sprint(i))
		if err != nil {
			b.Fatal(err)
		}
		conn, err := domain.NewConnection(tenant, domain.Amazon, time.Now())
		if err != nil {
			b.Fatal(err)
		}
		path := domain.NewSecretPath(conn.State())
		a, err := domain.NewAuthorization(conn.State(), "EU", domain.Grant{SellerID: id, VaultPath: path.String()}, time.Now())
		if err := errors.Join(err, store.Update(b.Context(), tenant, func(ctx context.Context, tx ports.Tx) error { return tx.Connections.Insert(ctx, conn) }),
			secrets.Put(b.Context(), path, domain.SecretData{"refresh_token": domain.NewSecret(c.theirs.RefreshToken(id, "EU"))})); err != nil {
			b.Fatal(err)
		}
		c.sellers = append(c.sellers, a.State())
	}
	return c
}

// fetch gets so many orders of each seller, several sellers at once, and checks that each answer is the seller's own.
func (c *crowd) fetch(b *testing.B, each, atOnce int) {
	next := make(chan int)
	var all sync.WaitGroup
	for range atOnce {
		all.Go(func() {
			for i := range next {
				for done := 0; done < each; {
					o, err := c.client.Order(b.Context(), c.sellers[i], standin.CrowdOrder(i))
					var told *domain.Error
					switch {
					case err == nil && o.Items[0].SKU == standin.CrowdSeller(i):
						done++
					case errors.As(err, &told) && told.Kind == domain.ErrThrottled:
						time.Sleep(told.RetryAfter)
					default:
						b.Errorf("%s: %v, %v", standin.CrowdSeller(i), o.Items, err)
						return
					}
				}
			}
		})
	}
	for i := range c.sellers {
		next <- i
	}
	close(next)
	all.Wait()
}

// floor is how long Amazon's usage plan makes so many orders of one seller take, and so of all sellers, who each have a
// bucket.
func floor(b *testing.B, each int) time.Duration {
	plan, err := domain.Operation("orders/2026-01-01/getOrder").Plan()
	if err != nil {
		b.Fatal(err)
	}
	return time.Duration(float64(max(0, each-plan.Burst)) / plan.Rate * float64(time.Second))
}

// BenchmarkSellers refreshes the tokens of 10,000 sellers and fetches an order of each, which no bucket delays, and then what
// some sellers' buckets delay for ten seconds. The memory is that of the whole process, the stand-in's and the stores'
// included.
func BenchmarkSellers(b *testing.B) {
	for name, c := range map[string]struct{ sellers, each, atOnce int }{
		"10000 sellers, one order each":   {10_000, 1, 32},
		"50 sellers, five beyond a burst": {50, 35, 50},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				b.StopTimer()
				all := newCrowd(b, c.sellers)
				b.StartTimer()
				begun := time.Now()
				all.fetch(b, c.each, c.atOnce)
				took := time.Since(begun)
				b.StopTimer()
				if got := all.theirs.TokensIssued(""); got != c.sellers {
					b.Errorf("%d tokens for %d sellers", got, c.sellers)
				}
				if got := all.theirs.Calls("getOrder", ""); got != c.sellers*c.each {
					b.Errorf("%d calls for %d orders", got, c.sellers*c.each)
				}
				if most := all.theirs.MostRefused(); most.Refused > 0 {
					b.Errorf("a bucket was asked for too much: %+v", most)
				}
				b.ReportMetric(took.Seconds(), "s")
				b.ReportMetric(floor(b, c.each).Seconds(), "s_of_the_rate_limit")
				b.ReportMetric(float64(c.sellers*c.each)/took.Seconds(), "orders/s")
				b.ReportMetric(0, "ns/op")
				if peak := peakMemory(); peak > 0 {
					b.ReportMetric(peak, "peak_MB")
					if peak > 150 {
						b.Errorf("%.0f MB", peak)
					}
				}
				b.StartTimer()
			}
		})
	}
}

// peakMemory is the most megabytes that this process had in memory (VmHWM of proc(5)); 0 where that is not told.
func peakMemory() (megabytes float64) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0
	}
	_, line, _ := strings.Cut(string(status), "VmHWM:")
	if _, err := fmt.Sscan(line, &megabytes); err != nil {
		return 0
	}
	return megabytes / 1024
}
