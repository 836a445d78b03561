package boot_test

import (
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/app/boot"
)

func TestCommandLine(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		worker bool
		args   []string
		out    string // printed
		err    string // refused, saying so
	}{
		"server help":          {false, []string{"--help"}, "Usage:\n  server", ""},
		"server -h":            {false, []string{"-h"}, "Usage:\n  server", ""},
		"help of a command":    {false, []string{"migrate", "--help"}, "Usage:\n  server", ""},
		"help as a word":       {true, []string{"help"}, "Usage:\n  worker", ""},
		"worker help":          {true, []string{"--help"}, "--once", ""},
		"unknown command":      {false, []string{"start"}, "", `unknown command "start"`},
		"unknown flag":         {true, []string{"--twice"}, "", "twice"},
		"of a command":         {true, []string{"replay", "--foo"}, "", "see worker replay --help"},
		"of another":           {true, []string{"erase", "--foo"}, "", "see worker erase --help"},
		"two commands":         {false, []string{"migrate", "serve"}, "", "one command at a time"},
		"once is the worker's": {false, []string{"--once"}, "", "once"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			is := is.New(t)
			var out, log strings.Builder
			program := boot.Server
			if test.worker {
				program = boot.Worker
			}
			err := program(t.Context(), test.args, nil, boot.Streams{Out: &out, Err: &log})
			if test.err == "" {
				is.NoErr(err)
				is.True(strings.Contains(out.String(), test.out))
				return
			}
			is.True(err != nil)
			is.True(strings.Contains(err.Error(), test.err))
			is.True(strings.Contains(err.Error(), "--help")) // says where to read on
		})
	}
}
