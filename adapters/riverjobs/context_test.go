package riverjobs_test

import (
	"context"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/riverjobs"
	"github.com/keybuzzio/marketplaces/app"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// TestStoredContextJob holds what is stored of a job: a version before or after must read it.
func TestStoredContextJob(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	s := newStage(t, nothing)
	c := s.connect(t, "t1")
	must(t, s.repo.Update(t.Context(), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		_, err := tx.Connections.Lock(ctx, c.ID)
		must(t, err)
		return tx.Jobs.Schedule(ctx, ports.JobOrders, c.ID, time.Time{})
	}))
	var kind, queue, args string
	must(t, s.db.QueryRowContext(t.Context(), `SELECT kind, queue, args::text FROM river.river_job WHERE kind <> 'poll'`).Scan(&kind, &queue, &args))
	is.Equal([]string{kind, queue, args}, []string{"context", "context", `{"tenant": "t1", "connection": "` + c.ID.String() + `"}`})
}

func TestContextJobsAskWhatIsDue(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	asked := &askedFor{}
	s := newStage(t, nothing, asked.in)
	stop := s.work(t)
	c := s.authorize(t, "t1")
	eventually(t, "the account was looked at", func() bool { return asked.looks.Load() == 1 })
	eventually(t, "the job waits for its next time", func() bool { return s.contextJob(t, c) == ports.JobWaiting })

	// Orders that come while turns run are asked for, each once, without anybody coming back for them.
	const orders = 40
	var all sync.WaitGroup
	for n := range orders {
		all.Go(func() { s.want(t, c, "order-"+string(rune('A'+n))) })
	}
	all.Wait()
	eventually(t, "all orders were asked for", func() bool { return asked.count() == orders })
	eventually(t, "the job waits again", func() bool { return s.contextJob(t, c) == ports.JobWaiting })
	stop()

	_, err := s.Disconnect.Run(t.Context(), app.DisconnectCommand{Tenant: c.Tenant, Marketplace: domain.Amazon})
	must(t, err)
	is.Equal(s.contextJob(t, c), ports.JobState("")) // gone
}

func TestContextJobOfAStoppedWorkerIsTakenUp(t *testing.T) {
	t.Parallel()
	asked := &askedFor{hang: make(chan struct{})}
	s := newStage(t, nothing, asked.in)
	stop := s.work(t)
	c := s.authorize(t, "t1")
	s.want(t, c, "order-1")
	eventually(t, "a worker is at it", func() bool { return asked.began.Load() > 0 })
	stop() // the worker gives it back
	close(asked.hang)
	s.work(t)
	eventually(t, "another worker has asked", func() bool { return asked.count() == 1 })
}

func TestAMarketplaceThatFailsForABugIsNotAskedForEver(t *testing.T) {
	t.Parallel()
	asked := &askedFor{panics: true}
	s := newStage(t, nothing, asked.in)
	s.work(t, func(o *riverjobs.Options) { o.Workers = 1 })
	c := s.authorize(t, "t1")
	s.want(t, c, "order-1")
	eventually(t, "the job is put off", func() bool {
		j := s.job(t, c)
		return asked.began.Load() > 0 && j != nil && j.Kind == "context" && j.State == ports.JobWaiting && j.LastError == "internal error"
	})
}

// askedFor is a marketplace's API that notes what it was asked.
type askedFor struct {
	mu     sync.Mutex
	orders map[string]int
	looks  atomic.Int32
	began  atomic.Int32
	hang   chan struct{} // orders wait for it, or for their context
	panics bool
}

func (a *askedFor) in(d *app.Deps) {
	d.Authorizers = map[domain.MarketplaceType]ports.Authorizer{domain.Amazon: a}
	d.Orders = map[domain.MarketplaceType]ports.OrderSource{domain.Amazon: a}
	d.PendingConsents = d.Repository.(ports.PendingConsents)
}

func (a *askedFor) count() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	return len(a.orders)
}

func (a *askedFor) ConsentURL(_ string, state domain.Secret) (string, error) {
	return state.Reveal(), nil
}
func (a *askedFor) Invited(url.Values) (ports.Invitation, error)     { return ports.Invitation{}, nil }
func (a *askedFor) AcceptURL(ports.Invitation, domain.Secret) string { return "" }

func (a *askedFor) Redeem(context.Context, domain.Secret) (domain.SecretData, error) {
	return domain.SecretData{"refresh_token": domain.NewSecret("t")}, nil
}

func (a *askedFor) Participations(context.Context, domain.AuthorizationState) ([]domain.Participation, error) {
	a.looks.Add(1)
	return nil, nil
}

func (a *askedFor) Order(ctx context.Context, _ domain.AuthorizationState, id string) (domain.Order, error) {
	a.began.Add(1)
	if a.panics {
		panic("a bug")
	}
	if a.hang != nil {
		select {
		case <-a.hang:
		case <-ctx.Done():
			return domain.Order{}, ctx.Err()
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.orders == nil {
		a.orders = map[string]int{}
	}
	a.orders[id]++
	return domain.Order{ID: id, Status: domain.OrderCancelled}, nil
}

// authorize connects a tenant whose seller authorizes us.
func (s *stage) authorize(t testing.TB, name string) domain.ConnectionState {
	t.Helper()
	s.connect(t, name)
	browser := domain.NewNonce()
	begun, err := s.Connect.Run(t.Context(), app.ConnectCommand{Tenant: tenant(t, name), Marketplace: domain.Amazon, Country: "FR", Browser: browser})
	must(t, err)
	end, err := s.FinishConsent.Run(t.Context(), app.FinishConsentCommand{
		Marketplace: domain.Amazon, State: domain.NewSecret(begun.AuthorizationURL), Code: domain.NewSecret("c"), SellerID: "A1", Browser: browser,
	})
	must(t, err)
	return end.Connection
}

// want has an order asked for, as a message about it does.
func (s *stage) want(t testing.TB, c domain.ConnectionState, order string) {
	t.Helper()
	err := s.repo.Update(context.WithoutCancel(t.Context()), c.Tenant, func(ctx context.Context, tx ports.Tx) error {
		if _, err := tx.Connections.Lock(ctx, c.ID); err != nil {
			return err
		}
		if _, err := tx.Orders.Enqueue(ctx, c.ID, []domain.OrderRequest{{OrderID: order}}, time.Minute, time.Now()); err != nil {
			return err
		}
		return tx.Jobs.Schedule(ctx, ports.JobOrders, c.ID, time.Time{})
	})
	if err != nil {
		t.Error(err)
	}
}

// contextJob is the state of a connection's context job; "" if there is none.
func (s *stage) contextJob(t testing.TB, c domain.ConnectionState) ports.JobState {
	t.Helper()
	jobs, err := s.queue.Jobs(t.Context(), ports.JobQuery{Connection: c.ID, Limit: 20})
	must(t, err)
	for _, j := range jobs {
		if j.Kind == "context" {
			return j.State
		}
	}
	return ""
}
