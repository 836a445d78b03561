package memory_test

import (
	"testing"

	"github.com/keybuzzio/marketplaces/adapters/memory"
	"github.com/keybuzzio/marketplaces/ports/porttest"
)

func TestSurvey(t *testing.T) {
	t.Parallel()
	porttest.TestSurvey(t, func(*testing.T) porttest.SurveyFixture {
		s := memory.NewStore()
		return porttest.SurveyFixture{Repository: s, Survey: s.FleetStats}
	})
}
