package postgres

import (
	"github.com/keybuzzio/marketplaces/domain"
)

// safetyFlag is a domain.SafetyFlag as columns of jsonb keep it. Its keys are stored data and never change.
type safetyFlag struct {
	Category    domain.SafetyCategory `json:"category"`
	Term        string                `json:"term"`
	Language    string                `json:"language"`
	Start       int                   `json:"start"`
	End         int                   `json:"end"`
	ListVersion string                `json:"listVersion"`
	Action      domain.SafetyAction   `json:"action"`
}

type safetyFlags []safetyFlag

func newSafetyFlags(flags []domain.SafetyFlag) safetyFlags {
	out := make(safetyFlags, len(flags))
	for i, f := range flags {
		out[i] = safetyFlag{f.Category, f.Term, f.Language, f.Start, f.End, f.ListVersion, f.Action}
	}
	return out
}

func (flags safetyFlags) domain() []domain.SafetyFlag {
	if len(flags) == 0 {
		return nil
	}
	out := make([]domain.SafetyFlag, len(flags))
	for i, f := range flags {
		out[i] = domain.SafetyFlag{
			Category: f.Category, Term: f.Term, Language: f.Language, Start: f.Start, End: f.End,
			ListVersion: f.ListVersion, Action: f.Action,
		}
	}
	return out
}
