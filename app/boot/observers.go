package boot

import (
	"time"

	"github.com/keybuzzio/marketplaces/ports"
)

// observers tell all of them.
type observers []ports.Observer

// Polled implements ports.Observer.
func (o observers) Polled(p ports.Polled) {
	for _, each := range o {
		each.Polled(p)
	}
}

// Ingested implements ports.Observer.
func (o observers) Ingested(i ports.Ingested) {
	for _, each := range o {
		each.Ingested(i)
	}
}

// Throttled implements ports.Observer.
func (o observers) Throttled(operation string, wait time.Duration) {
	for _, each := range o {
		each.Throttled(operation, wait)
	}
}

// Received implements ports.Observer.
func (o observers) Received(r ports.Received) {
	for _, each := range o {
		each.Received(r)
	}
}

// Delivered implements ports.Observer.
func (o observers) Delivered(d ports.Delivered) {
	for _, each := range o {
		each.Delivered(d)
	}
}

// APICall implements ports.Observer.
func (o observers) APICalled(a ports.APICall) {
	for _, each := range o {
		each.APICalled(a)
	}
}

// Alarm implements ports.Observer.
func (o observers) Alarm(a ports.Alarm) {
	for _, each := range o {
		each.Alarm(a)
	}
}
