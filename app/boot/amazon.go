package boot

import (
	"context"
	"fmt"
	"log/slog"

	"github.com/keybuzzio/marketplaces/adapters/amazon/spapi"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
	"github.com/keybuzzio/marketplaces/adapters/amazon/standin/mailroom"
	"github.com/keybuzzio/marketplaces/adapters/postgres"
	"github.com/keybuzzio/marketplaces/domain"
	"github.com/keybuzzio/marketplaces/ports"
)

// openAmazonAPI opens Amazon's API, or the stand-in for it; nil where our application is not registered.
func openAmazonAPI(ctx context.Context, s *service, c Config, secrets ports.SecretStore, log *slog.Logger) (marketplaceAPI, error) {
	options := spapi.Options{
		Secrets: secrets, Limits: postgres.NewRateLimiter(s.db), Observer: s.observer, Log: log, Version: version(),
	}
	var err error
	switch c.AmazonMode {
	case modeStandIn:
		options.App, options.Endpoints, err = s.startStandIn(ctx, c, log)
	case modeSandbox:
		options.Endpoints = spapi.Sandbox()
		options.App, err = c.amazonApp(ctx, secrets)
	default:
		options.App, err = c.amazonApp(ctx, secrets)
	}
	if err != nil || options.App.ID == "" {
		return nil, err
	}
	client, err := spapi.New(options)
	if err != nil {
		return nil, err
	}
	return client, nil
}

// standInSeed signs the tokens of every stand-in alike, so that those that are stored stay good when it is started again.
const standInSeed = 1

// startStandIn starts the stand-in for Amazon, which ends with s.
func (s *service) startStandIn(ctx context.Context, c Config, log *slog.Logger) (spapi.App, spapi.Endpoints, error) {
	origin := c.origin
	if origin == "" { // a worker: no consent comes back to it
		origin = "http://127.0.0.1"
	}
	demo := standin.DemoApplication(origin + callbackPath)
	demo.LoginURI = origin + loginPath
	if err := s.startMailroom(ctx, c, log); err != nil {
		return spapi.App{}, spapi.Endpoints{}, err
	}
	amazon := standin.New(standin.Options{Seed: standInSeed, Application: demo, Messages: s.mailroom.room})
	listener, err := amazon.Listen(ctx, c.StandInAddr)
	if err != nil {
		return spapi.App{}, spapi.Endpoints{}, fmt.Errorf("KEYBUZZ_STANDIN_ADDR: the stand-in for Amazon cannot listen there: %w", err)
	}
	serving, stop := context.WithCancel(context.WithoutCancel(ctx))
	done := make(chan error, 1)
	go func() { done <- amazon.Serve(serving, listener) }()
	s.close = append(s.close, func() {
		stop()
		if err := <-done; err != nil {
			log.WarnContext(ctx, "the stand-in for Amazon ended badly", "error", err)
		}
	})
	s.appstore, s.buyers = amazon.AppstoreURL(), amazon.URL()+mailroom.PagesAt
	log.InfoContext(ctx, "a stand-in for Amazon is asked, and not Amazon", "address", amazon.URL())
	app := spapi.App{ID: demo.ID, ClientID: demo.ClientID, RedirectURI: demo.RedirectURIs[0], Draft: demo.Draft, ClientSecrets: []domain.Secret{domain.NewSecret(demo.Secrets[0])}}
	return app, spapi.Endpoints{Token: amazon.TokenURL(), API: amazon.APIURLs(), Consent: amazon.ConsentBase()}, nil
}

// loginPath is where Amazon's Appstore sends sellers.
const loginPath = "/api/v1/marketplaces/amazon/oauth/login"
