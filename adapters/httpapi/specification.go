package httpapi

import (
	"bytes"
	_ "embed"
	"encoding/json"
	"fmt"
	"iter"
	"net/http"
	"strings"

	"go.yaml.in/yaml/v4"
)

// specification is the OpenAPI document that clients get.
//
//go:embed openapi.yaml
var specification []byte

func (s *Server) openapi(w http.ResponseWriter, _ *http.Request) error {
	w.Header().Set("Cache-Control", "no-cache")
	write(w, http.StatusOK, "application/yaml", specification)
	return nil
}

// node is a place in a YAML document, with its references followed. What is not there is the zero node, which is empty.
type node struct{ root, at *yaml.Node }

func parseYAML(text []byte) (node, error) {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return node{}, fmt.Errorf("read OpenAPI document: %w", err)
	}
	if document.Kind != yaml.DocumentNode || len(document.Content) != 1 {
		return node{}, fmt.Errorf("read OpenAPI document: it is empty")
	}
	root := document.Content[0]
	return node{root, root}, nil
}

// get goes down by names.
func (n node) get(names ...string) node {
	for _, name := range names {
		n = n.child(name)
	}
	return n
}

func (n node) child(name string) node {
	for key, value := range n.pairs() {
		if key == name {
			return value
		}
	}
	return node{}
}

// pairs yields the names and values of a mapping in the document's order.
func (n node) pairs() iter.Seq2[string, node] {
	return func(yield func(string, node) bool) {
		if n.at == nil || n.at.Kind != yaml.MappingNode {
			return
		}
		for i := 0; i+1 < len(n.at.Content); i += 2 {
			if !yield(n.at.Content[i].Value, node{n.root, n.at.Content[i+1]}.follow()) {
				return
			}
		}
	}
}

// items yields the elements of a sequence.
func (n node) items() iter.Seq[node] {
	return func(yield func(node) bool) {
		if n.at == nil || n.at.Kind != yaml.SequenceNode {
			return
		}
		for _, e := range n.at.Content {
			if !yield(node{n.root, e}.follow()) {
				return
			}
		}
	}
}

// follow goes where a {$ref: "#/…"} points.
func (n node) follow() node {
	const pointer = "#/"
	if n.at.Kind == yaml.MappingNode && len(n.at.Content) == 2 && n.at.Content[0].Value == "$ref" {
		path, _ := strings.CutPrefix(n.at.Content[1].Value, pointer)
		return node{n.root, n.root}.get(strings.Split(path, "/")...)
	}
	return n
}

// text is a scalar's value.
func (n node) text() string {
	if n.at == nil || n.at.Kind != yaml.ScalarNode {
		return ""
	}
	return n.at.Value
}

// texts are the scalars of a sequence, or the one that stands for a sequence of one.
func (n node) texts() []string {
	if t := n.text(); t != "" {
		return []string{t}
	}
	var all []string
	for e := range n.items() {
		all = append(all, e.text())
	}
	return all
}

// is reports whether both are the same place.
func (n node) is(other node) bool { return n.at == other.at }

func (n node) exists() bool { return n.at != nil }

// appendJSON appends the node as JSON, names in the document's order.
func (n node) appendJSON(b []byte) []byte {
	separator := byte(0)
	begin := func() {
		if separator != 0 {
			b = append(b, separator)
		}
		separator = ','
	}
	switch {
	case n.at == nil:
		return append(b, "null"...)
	case n.at.Kind == yaml.MappingNode:
		b = append(b, '{')
		for key, value := range n.pairs() {
			begin()
			b = append(appendString(b, key), ':')
			b = value.appendJSON(b)
		}
		return append(b, '}')
	case n.at.Kind == yaml.SequenceNode:
		b = append(b, '[')
		for e := range n.items() {
			begin()
			b = e.appendJSON(b)
		}
		return append(b, ']')
	case n.at.Tag == "!!str":
		return appendString(b, n.at.Value)
	}
	return append(b, n.at.Value...)
}

func appendString(b []byte, s string) []byte {
	var quoted bytes.Buffer
	e := json.NewEncoder(&quoted)
	e.SetEscapeHTML(false)
	_ = e.Encode(s) // a string always encodes
	return append(b, bytes.TrimSpace(quoted.Bytes())...)
}
