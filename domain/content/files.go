package content

import "slices"

// InertTypes are the media types that may leave where a marketplace names none: what people send to buyers, and nothing that
// runs when it is opened.
var InertTypes = []string{
	"application/pdf", "image/gif", "image/heic", "image/jpeg", "image/png", "image/tiff", "image/webp", "text/plain", "text/csv",
	"application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	"application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// files finds too few and too many of them, types that are not taken, and more bytes than one message carries.
func (c *check) files() {
	types := c.rules.MediaTypes
	if types == nil {
		types = InertTypes
	}
	var sum int64
	for i, f := range c.draft.Files {
		sum += max(0, f.Size)
		switch {
		case c.rules.MaxFiles > 0 && i >= c.rules.MaxFiles:
			c.file(RuleFileCount, i)
		case sum > c.rules.MaxBytes:
			c.file(RuleFileSize, i)
		case !slices.Contains(types, f.MediaType):
			c.file(RuleFileType, i)
		}
	}
	if len(c.draft.Files) < c.rules.MinFiles {
		c.whole(RuleFileMissing)
	}
}

func (c *check) file(r Rule, index int) {
	c.whole(r)
	c.found[len(c.found)-1].File = index
}
