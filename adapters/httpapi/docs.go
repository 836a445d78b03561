package httpapi

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"regexp"
	"slices"
	"strings"
)

//go:embed docs.html
var docsTemplate string

//go:embed docs.css
var docsStyle string

// stylePolicy lets a page use its own style and nothing else: no script, no other server.
func stylePolicy(style string) string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) +
		"'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}

func (s *Server) docsPage(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Content-Security-Policy", stylePolicy(docsStyle))
	w.Header().Set("Cache-Control", "no-cache")
	write(w, http.StatusOK, "text/html; charset=utf-8", s.docs)
	return nil
}

// docs is what the page shows.
type docs struct {
	Title, Summary, Description, Version string
	MinSecret                            int
	Style                                template.CSS
	Groups                               []docsGroup
	Schemas                              []docsSchema
	Problems                             []docsProblem
}

type docsGroup struct {
	Name, Description string
	Operations        []docsOperation
}

type docsOperation struct {
	Anchor, Method, Path, Summary, Description string
	Public                                     bool
	Parameters                                 []docsField
	Body                                       []docsField
	Curl                                       string
	Status                                     string // of the answer that is shown
	MediaType                                  string
	Example                                    string // JSON; "" when the answer has none
	Schema                                     string // name of the answer's schema, "" when it has none
	Problems                                   []docsProblem
}

type docsField struct {
	Name, Place, Type, Link, Description, Default string
	Required                                      bool
	Values                                        []string
}

type docsSchema struct {
	Name, Description string
	Fields            []docsField
	Values            []string
}

type docsProblem struct{ Anchor, Status, Title, Description, Example string }

// renderDocs makes the page of an OpenAPI document.
func renderDocs(specification []byte, version string) ([]byte, error) {
	spec, err := parseYAML(specification)
	if err != nil {
		return nil, err
	}
	funcs := template.FuncMap{"prose": prose, "json": prettyJSON, "breakable": breakable, "anchor": anchor}
	page, err := template.New("docs").Funcs(funcs).Parse(docsTemplate)
	if err != nil {
		return nil, fmt.Errorf("read page template: %w", err)
	}
	info := spec.get("info")
	var out bytes.Buffer
	err = page.Execute(&out, docs{
		Title: info.get("title").text(), Summary: info.get("summary").text(), Description: info.get("description").text(),
		Version: version, MinSecret: MinSecret, Style: template.CSS(docsStyle),
		Groups: docsGroups(spec), Schemas: docsSchemas(spec), Problems: docsProblems(spec.get("components", "responses")),
	})
	if err != nil {
		return nil, fmt.Errorf("render page: %w", err)
	}
	return out.Bytes(), nil
}

// docsGroups returns the operations by their first tag, in the document's order.
func docsGroups(spec node) []docsGroup {
	var groups []docsGroup
	for tag := range spec.get("tags").items() {
		g := docsGroup{Name: tag.get("name").text(), Description: tag.get("description").text()}
		for path, item := range spec.get("paths").pairs() {
			for method, op := range item.pairs() {
				if slices.Contains(op.get("tags").texts(), g.Name) {
					g.Operations = append(g.Operations, newOperation(spec, path, strings.ToUpper(method), op))
				}
			}
		}
		groups = append(groups, g)
	}
	return groups
}

func newOperation(spec node, path, method string, op node) docsOperation {
	o := docsOperation{
		Anchor: op.get("operationId").text(), Method: method, Path: path,
		Summary: op.get("summary").text(), Description: op.get("description").text(), Public: op.get("security").exists(),
	}
	for p := range op.get("parameters").items() {
		f := newField(spec, p.get("name").text(), p.get("schema"))
		f.Place, f.Required, f.Description = p.get("in").text(), p.get("required").text() == "true", p.get("description").text()
		o.Parameters = append(o.Parameters, f)
	}
	for _, content := range op.get("requestBody", "content").pairs() {
		o.Body = fieldsOf(spec, content.get("schema"))
	}
	for status, r := range op.get("responses").pairs() {
		switch {
		case status >= "400":
			o.Problems = append(o.Problems, newDocsProblem(r))
		case o.Status == "":
			o.answer(spec, status, r)
		}
	}
	o.Curl = curl(o, op)
	return o
}

// answer shows the first of the answers that are no problems.
func (o *docsOperation) answer(spec node, status string, response node) {
	o.Status = status
	for mediaType, content := range response.get("content").pairs() {
		if o.MediaType != "" {
			o.MediaType += ", "
		}
		o.MediaType += mediaType
		if e := content.get("example"); e.exists() {
			o.Example = string(e.appendJSON(nil))
		}
		o.Schema = nameOf(spec, content.get("schema"))
	}
}

// curl is a command line that tries the operation.
func curl(o docsOperation, op node) string {
	path, headers := o.Path, ""
	for p := range op.get("parameters").items() {
		name, example := p.get("name").text(), p.get("example").text()
		path = strings.ReplaceAll(path, "{"+name+"}", example)
		if p.get("in").text() == "header" {
			headers += " \\\n  -H \"" + name + ": " + example + "\""
		}
	}
	line := `curl "$BASE` + path + `"`
	if o.Method != http.MethodGet {
		line = "curl -X " + o.Method + ` "$BASE` + path + `"`
	}
	if !o.Public {
		line += " \\\n  -H \"Authorization: Bearer $TOKEN\""
	}
	line += headers
	for mediaType, content := range op.get("requestBody", "content").pairs() {
		example := content.get("example")
		switch {
		case !example.exists():
			continue
		case mediaType != "application/json":
			return line + " \\\n  -H \"Content-Type: " + mediaType + "\" \\\n  --data-binary @mail.eml"
		}
		var data bytes.Buffer
		_ = json.Indent(&data, example.appendJSON(nil), "  ", "  ") // it is JSON
		line += " \\\n  -H \"Content-Type: application/json\" \\\n  -d '" + data.String() + "'"
	}
	return line
}

func docsSchemas(spec node) []docsSchema {
	var all []docsSchema
	for name, s := range spec.get("components", "schemas").pairs() {
		all = append(all, docsSchema{
			Name: name, Description: s.get("description").text(), Fields: fieldsOf(spec, s), Values: s.get("enum").texts(),
		})
	}
	return all
}

func fieldsOf(spec, schema node) []docsField {
	required := schema.get("required").texts()
	var fields []docsField
	for name, s := range schema.get("properties").pairs() {
		f := newField(spec, name, s)
		f.Required = slices.Contains(required, name)
		fields = append(fields, f)
	}
	return fields
}

func newField(spec node, name string, schema node) docsField {
	f := docsField{Name: name, Description: schema.get("description").text(), Default: schema.get("default").text()}
	if f.Link = nameOf(spec, schema); f.Link != "" {
		f.Type, f.Description = f.Link, ""
		return f
	}
	types := schema.get("type").texts()
	if i := slices.Index(types, "array"); i >= 0 {
		f.Link = nameOf(spec, schema.get("items"))
		types[i] = "array of " + f.Link
	}
	if format := schema.get("format").text(); format != "" {
		types[0] = format
	}
	f.Type, f.Values = strings.Join(types, " or "), schema.get("enum").texts()
	return f
}

// nameOf returns under which name a schema stands in the components, "" if it stands on its own.
func nameOf(spec, schema node) string {
	for name, s := range spec.get("components", "schemas").pairs() {
		if s.is(schema) {
			return name
		}
	}
	return ""
}

func docsProblems(responses node) []docsProblem {
	var all []docsProblem
	for _, r := range responses.pairs() {
		all = append(all, newDocsProblem(r))
	}
	return all
}

func newDocsProblem(response node) docsProblem {
	example := response.get("content", "application/problem+json", "example")
	_, anchor, _ := strings.Cut(example.get("type").text(), "#")
	return docsProblem{
		Anchor: anchor, Status: example.get("status").text(), Title: example.get("title").text(),
		Description: response.get("description").text(), Example: string(example.appendJSON(nil)),
	}
}

var codeSpan = regexp.MustCompile("`([^`]+)`")

// prose makes paragraphs of text, and code of what stands in backquotes.
func prose(text string) template.HTML {
	var out strings.Builder
	for _, paragraph := range strings.Split(strings.TrimSpace(text), "\n\n") {
		escaped := template.HTMLEscapeString(paragraph)
		out.WriteString("<p>" + codeSpan.ReplaceAllString(escaped, "<code>$1</code>") + "</p>")
	}
	return template.HTML(out.String())
}

// anchor is the name of a group as it stands in a link.
func anchor(name string) string { return strings.ReplaceAll(strings.ToLower(name), " ", "-") }

// breakable lets a path break before its slashes.
func breakable(path string) template.HTML {
	return template.HTML(strings.ReplaceAll(template.HTMLEscapeString(path), "/", "<wbr>/"))
}

var jsonToken = regexp.MustCompile(`"(?:[^"\\]|\\.)*"(\s*:)?|\b(?:true|false|null)\b|-?\b\d+(?:\.\d+)?\b`)

// prettyJSON indents JSON and marks its parts for the style.
func prettyJSON(text string) (template.HTML, error) {
	var indented bytes.Buffer
	if err := json.Indent(&indented, []byte(text), "", "  "); err != nil {
		return "", fmt.Errorf("example: %w", err)
	}
	plain, end := indented.String(), 0
	var out strings.Builder
	for _, at := range jsonToken.FindAllStringIndex(plain, -1) {
		token := plain[at[0]:at[1]]
		class := "w"
		switch {
		case strings.HasSuffix(token, ":"):
			class = "k"
		case token[0] == '"':
			class = "s"
		}
		out.WriteString(template.HTMLEscapeString(plain[end:at[0]]))
		out.WriteString(`<span class="` + class + `">` + template.HTMLEscapeString(token) + "</span>")
		end = at[1]
	}
	out.WriteString(template.HTMLEscapeString(plain[end:]))
	return template.HTML(out.String()), nil
}
