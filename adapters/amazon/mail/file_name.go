package mail

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds on the name of a file, in bytes.
const (
	maxFileName  = 200
	maxExtension = 20 // with its dot; what is longer is none
)

// cleanFileName makes a name fit for every file system and for a header: no path, no control, direction or invisible
// characters, nothing that a shell or Windows gives a meaning, at most maxFileName bytes with the extension kept. It is ""
// when nothing is left that tells anything.
func cleanFileName(name string) string {
	name = strings.Map(safeRune, strings.ToValidUTF8(name, "\uFFFD"))
	name = strings.TrimRight(name, "/\\ ")
	name = name[strings.LastIndexAny(name, `/\`)+1:]
	name = strings.Map(plainRune, name)
	name = strings.Join(strings.Fields(name), " ") // blanks push an extension out of sight
	name = cutFileName(strings.Trim(name, ". "))
	if isDevice(name) {
		name = "_" + name
	}
	if strings.Trim(name, "_.- ") == "" {
		return ""
	}
	return name
}

// safeRune drops what cannot be seen, and makes every blank the same.
func safeRune(r rune) rune {
	switch {
	case unicode.IsSpace(r):
		return ' '
	case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Zl, unicode.Zp):
		return -1
	}
	return r
}

// plainRune replaces what Windows allows in no name, and what ends a quoted text in a header.
func plainRune(r rune) rune {
	if strings.ContainsRune(`<>:"|?*;`, r) {
		return '_'
	}
	return r
}

// cutFileName shortens a name before its extension.
func cutFileName(name string) string {
	const room = maxFileName - len("_") // for isDevice
	if len(name) <= room {
		return name
	}
	ext := extension(name)
	return strings.TrimRight(cut(name, room-len(ext)), ". ") + ext
}

// extension returns the extension of a name with its dot, "" if it has none.
func extension(name string) string {
	i := strings.LastIndexByte(name, '.')
	if i < 0 || len(name)-i > maxExtension {
		return ""
	}
	return name[i:]
}

// isDevice reports whether Windows takes a name for a device, whatever its extension.
func isDevice(name string) bool {
	stem, _, _ := strings.Cut(strings.ToUpper(name), ".")
	switch stem = strings.TrimSpace(stem); stem {
	case "CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$":
		return true
	}
	port := strings.HasPrefix(stem, "COM") || strings.HasPrefix(stem, "LPT")
	return port && utf8.RuneCountInString(stem) == 4 && strings.ContainsAny(stem[3:], "0123456789¹²³")
}
