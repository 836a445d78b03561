package httpapi_test

import (
	"crypto/sha256"
	"encoding/base64"
	"html"
	"net/http"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/matryer/is"

	"github.com/keybuzzio/marketplaces/adapters/httpapi"
)

func TestTheDocumentationPage(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	a := s.get(t, "/docs", anonymous)
	is.Equal(a.Code, http.StatusOK)
	is.Equal(a.Header().Get("Content-Type"), "text/html; charset=utf-8")
	page := a.Body.String()

	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]+)"`).FindAllStringSubmatch(page, -1) {
		is.True(!ids[m[1]]) // once
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` href="#([^"]+)"`).FindAllStringSubmatch(page, -1) {
		if !ids[m[1]] {
			t.Errorf("a link to #%s leads nowhere", m[1])
		}
	}
	plain := html.UnescapeString(strings.ReplaceAll(page, "<wbr>", ""))
	for path, item := range s.spec.doc.Paths.Map() {
		for method, op := range item.Operations() {
			is.True(ids[op.OperationID])
			is.True(strings.Contains(plain, `<span class="method `+method+`">`+method+`</span><span class="path">`+path+`</span>`))
		}
	}
	for name := range s.spec.doc.Components.Schemas {
		is.True(ids["schema-"+name])
	}
	for status, name := range httpapi.ProblemTypes() {
		is.True(ids[name]) // where the type of a problem leads
		is.True(strings.Contains(plain, strconv.Itoa(status)))
	}
	for _, part := range []string{"v1.2.3", "JWT_SECRET", "tenantId", "Où est ma commande ?", "server --dev"} {
		is.True(strings.Contains(plain, part))
	}
}

func TestThePageNeedsNobodyElse(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	a := s.get(t, "/docs", anonymous)
	page, policy := a.Body.String(), a.Header().Get("Content-Security-Policy")
	for _, tag := range []string{"<script", "<link rel=\"stylesheet", "<img", "<iframe", "@import", "url(", " style=\"", "javascript:", " onclick"} {
		is.True(!strings.Contains(page, tag))
	}
	is.True(!regexp.MustCompile(`(?:src|href)="https?://`).MatchString(page)) // no CDN
	style := regexp.MustCompile(`(?s)<style>(.*)</style>`).FindStringSubmatch(page)[1]
	sum := sha256.Sum256([]byte(style))
	is.True(strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'"))
	is.True(strings.HasPrefix(policy, "default-src 'none';"))
	is.True(!strings.Contains(policy, "unsafe"))
}

func TestTheSpecificationIsServedAsItIs(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	file, err := os.ReadFile("openapi.yaml")
	is.NoErr(err)
	a := s.get(t, "/openapi.yaml", anonymous)
	is.Equal(a.Header().Get("Content-Type"), "application/yaml")
	is.Equal(a.Body.Bytes(), file)
}

func TestEveryProblemIsExplainedAsItIsSent(t *testing.T) {
	t.Parallel()
	is, s := is.New(t), newStage(t)
	named := map[int]string{}
	for _, r := range s.spec.doc.Components.Responses {
		example := r.Value.Content.Get("application/problem+json").Example.(map[string]any)
		status, err := strconv.Atoi(strings.TrimSuffix(strconv.FormatFloat(example["status"].(float64), 'f', -1, 64), ".0"))
		is.NoErr(err)
		named[status] = strings.TrimPrefix(example["type"].(string), "/docs#")
	}
	is.Equal(named, httpapi.ProblemTypes())
}
