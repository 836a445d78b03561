package domain_test

import (
	"testing"
	"time"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/domain"
)

func TestPace(t *testing.T) {
	t.Parallel()
	minute := domain.Pace{Interval: time.Minute}
	tests := map[string]struct {
		pause     func() time.Duration
		low, high time.Duration
	}{
		"messages come":           {func() time.Duration { return minute.AfterSuccess(0) }, 54 * time.Second, 66 * time.Second},
		"an hour without one":     {func() time.Duration { return minute.AfterSuccess(time.Hour) }, 54 * time.Second, 66 * time.Second},
		"three hours without one": {func() time.Duration { return minute.AfterSuccess(3 * time.Hour) }, 162 * time.Second, 198 * time.Second},
		"a year without one":      {func() time.Duration { return minute.AfterSuccess(365 * 24 * time.Hour) }, 270 * time.Second, 330 * time.Second},
		"the clock went back":     {func() time.Duration { return minute.AfterSuccess(-time.Hour) }, 54 * time.Second, 66 * time.Second},
		"first failure":           {func() time.Duration { return minute.AfterFailure(1, 0) }, 54 * time.Second, 66 * time.Second},
		"third failure":           {func() time.Duration { return minute.AfterFailure(3, 0) }, 216 * time.Second, 264 * time.Second},
		"thousandth failure":      {func() time.Duration { return minute.AfterFailure(1000, 0) }, 810 * time.Second, 990 * time.Second},
		"no failure on record":    {func() time.Duration { return minute.AfterFailure(0, 0) }, 54 * time.Second, 66 * time.Second},
		"an interval longer than the longest backoff": {
			func() time.Duration { return domain.Pace{Interval: time.Hour}.AfterFailure(5, 0) }, 54 * time.Minute, 66 * time.Minute,
		},
		"the other side asks for more":    {func() time.Duration { return minute.AfterFailure(1, 10*time.Minute) }, 10 * time.Minute, 11 * time.Minute},
		"the other side asks for less":    {func() time.Duration { return minute.AfterFailure(3, time.Second) }, 216 * time.Second, 264 * time.Second},
		"the other side asks for a month": {func() time.Duration { return minute.AfterFailure(1, 720*time.Hour) }, time.Hour, 66 * time.Minute},
		"our own limit":                   {func() time.Duration { return minute.AfterThrottling(3 * time.Second) }, 3 * time.Second, 4 * time.Second},
		"our own limit, without a time":   {func() time.Duration { return minute.AfterThrottling(0) }, time.Second, 2 * time.Second},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			seen := map[time.Duration]bool{}
			for range 1000 {
				pause := test.pause()
				is.True(pause >= test.low)
				is.True(pause <= test.high)
				is.True(pause <= minute.Longest() || test.low > minute.Longest())
				seen[pause] = true
			}
			is.True(len(seen) > 100) // jitter: nobody beats together
		})
	}
}
