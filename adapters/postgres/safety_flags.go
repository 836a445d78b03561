package postgres

import "github.com/keybuzzio/marketplaces/domain/safety"

// safetyFlag is a safety.Flag as columns of jsonb keep it. Its keys are stored data and never change.
type safetyFlag struct {
	Category    safety.Category `json:"category"`
	Term        string          `json:"term"`
	Language    string          `json:"language"`
	Start       int             `json:"start"`
	End         int             `json:"end"`
	ListVersion string          `json:"listVersion"`
	Action      safety.Action   `json:"action"`
}

type safetyFlags []safetyFlag

func newSafetyFlags(flags []safety.Flag) safetyFlags {
	out := make(safetyFlags, len(flags))
	for i, f := range flags {
		out[i] = safetyFlag{f.Category, f.Term, f.Language, f.Start, f.End, f.ListVersion, f.Action}
	}
	return out
}

func (flags safetyFlags) domain() []safety.Flag {
	if len(flags) == 0 {
		return nil
	}
	out := make([]safety.Flag, len(flags))
	for i, f := range flags {
		out[i] = safety.Flag{
			Category: f.Category, Term: f.Term, Language: f.Language, Start: f.Start, End: f.End,
			ListVersion: f.ListVersion, Action: f.Action,
		}
	}
	return out
}
