package content

import (
	"embed"
	"io/fs"
	"sync"

	"github.com/keybuzzio/marketplaces/domain/safety"
)

// The categories of the lists.
const (
	categoryAdvertising safety.Category = "ADV"
	categoryReview      safety.Category = "RVW"
)

//go:embed lists/*.txt
var listFiles embed.FS

// lists are part of the program like its code: tests show that they read, and without them it must not run.
var lists = sync.OnceValue(func() *safety.Lists {
	folder, err := fs.Sub(listFiles, "lists")
	if err == nil {
		var l *safety.Lists
		if l, err = safety.ReadLists(folder.(fs.ReadDirFS), "reply"); err == nil {
			return l
		}
	}
	panic("content: lists: " + err.Error())
})
