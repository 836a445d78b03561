// Package models is Amazon's own OpenAPI models of its Selling Partner API, unchanged. The stand-in is built from them, so that it
// knows the operations, their parameters and the sandbox's cases as Amazon wrote them down. README.md says where each comes from
// and under which licence.
package models

import "embed"

// Files are the models, by the names that Amazon gives them. A model is added by copying it here; none is changed.
//
//go:embed *.json
var Files embed.FS
