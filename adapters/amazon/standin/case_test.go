package standin_test

import (
	"encoding/json"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/amazon/standin"
)

func TestCases(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	apis, names := map[string]int{}, map[string]bool{}
	for c := range standin.Cases() {
		apis[c.API]++
		is.True(!names[c.Name]) // a name of its own
		names[c.Name] = true
		is.True(json.Valid(c.Response))
		is.True(c.Operation != "" && c.Method != "" && c.Path != "" && c.Status >= 200)
		for _, p := range c.Parameters {
			is.True(p.Value == nil || json.Valid(p.Value))
		}
	}
	is.Equal(apis, map[string]int{"messaging": 22, "orders_2026-01-01": 8, "sellers": 3, "tokens_2021-03-01": 3, "notifications": 9}) // none is lost
}

func TestCasesAreTheCallers(t *testing.T) {
	t.Parallel()
	is := is.New(t)
	for c := range standin.Cases() {
		c.Response[0] = 'x'
		for i := range c.Parameters {
			c.Parameters[i].Value = json.RawMessage("changed")
		}
	}
	for c := range standin.Cases() {
		is.True(json.Valid(c.Response)) // what one caller changes another does not see
		for _, p := range c.Parameters {
			is.True(string(p.Value) != "changed")
		}
	}
}
