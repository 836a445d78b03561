package domain

import (
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// tidy makes what a message can do without fit to be stored: each text is UTF-8 without NUL and within bounds, and there are
// as many of each as may be. Whatever m shares with its source stays as it is.
func tidy(m InboundMessage) InboundMessage {
	m.Evidence, m.Quoted = tidyText(m.Evidence, MaxField), tidyText(m.Quoted, MaxBody)
	if !isTidy(m.MailID, MaxField) { // half of a Message-ID is none
		m.MailID = ""
	}
	m.References = tidyList(m.References, MaxReferences)
	m.Flags = tidyList(m.Flags, MaxFacts)
	m.Parser = min(max(m.Parser, 0), math.MaxInt32)
	m.Facts = tidyFacts(m.Facts)
	if len(m.Files) > 0 {
		m = tidyFiles(m)
	}
	return m
}

// isTidy reports whether a text can be stored.
func isTidy(s string, most int) bool {
	return len(s) <= most && utf8.ValidString(s) && strings.IndexByte(s, 0) < 0
}

// tidyText is a text as it can be stored, cut to what may be.
func tidyText(s string, most int) string {
	if isTidy(s, most) {
		return s
	}
	return fit(s, most)
}

// tidyList is the first of those texts that can be stored and are not empty.
func tidyList[S ~string](list []S, most int) []S {
	bad := func(s S) bool { return s == "" || !isTidy(string(s), MaxField) }
	if len(list) <= most && !slices.ContainsFunc(list, bad) {
		return list
	}
	list = slices.DeleteFunc(slices.Clone(list), bad)
	return list[:min(len(list), most)]
}

// tidyFacts are the facts that can be stored, the first by their names.
func tidyFacts(facts map[string]string) map[string]string {
	bad := func(name, fact string) bool { return name == "" || !isTidy(name, MaxField) || !isTidy(fact, MaxField) }
	out := facts
	for name, fact := range facts {
		if bad(name, fact) || len(facts) > MaxFacts {
			out = maps.Clone(facts)
			maps.DeleteFunc(out, bad)
			break
		}
	}
	if len(out) > MaxFacts {
		for _, name := range slices.Sorted(maps.Keys(out))[MaxFacts:] {
			delete(out, name)
		}
	}
	return out
}

// tidyFiles lists no file twice and no more than may be, and says so.
func tidyFiles(m InboundMessage) InboundMessage {
	files, numbers := make([]File, 0, min(len(m.Files), MaxFiles)), map[int]bool{}
	for _, f := range m.Files {
		if f.Number < 0 || f.Number > math.MaxInt32 || numbers[f.Number] {
			continue
		}
		if len(files) == MaxFiles {
			break
		}
		numbers[f.Number] = true
		files = append(files, tidyFile(f))
	}
	if len(files) < len(m.Files) && !slices.Contains(m.Flags, FlagFilesOverLimit) {
		m.Flags = append(slices.Clone(m.Flags), FlagFilesOverLimit)
		slices.Sort(m.Flags)
	}
	m.Files = files
	return m
}

// maxFileName is the longest name of a file, in bytes.
const maxFileName = 200

func tidyFile(f File) File {
	f.ID = FileID{} // nobody but a store gives it one
	f.Name = firstOf(tidyText(f.Name, maxFileName), "file-"+strconv.Itoa(f.Number+1))
	f.OriginalName = tidyText(f.OriginalName, MaxField)
	f.DeclaredType, f.Type = tidyText(f.DeclaredType, MaxField), tidyText(f.Type, MaxField)
	f.ContentID = tidyText(f.ContentID, MaxField)
	f.Size = max(f.Size, 0)
	f.Flags = tidyList(f.Flags, MaxFacts)
	return f
}
