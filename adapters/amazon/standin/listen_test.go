package standin_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

func TestServeEndsWithItsContext(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	a := standin.New(standin.Options{})
	ctx, stop := context.WithCancel(t.Context())
	l, err := a.Listen(ctx, "127.0.0.1:0")
	is.NoErr(err)
	done := make(chan error, 1)
	go func() { done <- a.Serve(ctx, l) }()
	a.Break(standin.Fault{Operation: standin.OperationToken, Delay: time.Hour})
	slow := make(chan error, 1)
	go func() {
		answer, err := http.PostForm(a.TokenURL(), nil)
		if err == nil {
			_ = answer.Body.Close()
		}
		slow <- err
	}()
	for deadline := time.Now().Add(20 * time.Second); a.Calls(standin.OperationToken, "") == 0 && time.Now().Before(deadline); {
		time.Sleep(time.Millisecond)
	}
	stop()
	is.NoErr(<-done)
	is.True(<-slow != nil) // what is slow on cue does not hold it up
	_, err = http.PostForm(a.TokenURL(), nil)
	is.True(err != nil) // nobody is there any more
}
