package mail

import (
	"bytes"
	"slices"
	"strings"

	"github.com/gabriel-vasile/mimetype"
)

// sniffed is how much of a file's beginning tells its type, in bytes: as much as mimetype looks at.
const sniffed = 4 << 10

// unknownType is the type of bytes that tell nothing.
const unknownType = "application/octet-stream"

// fileType is what the bytes of a file show.
type fileType struct{ *mimetype.MIME }

// typeOf sniffs a file by its first bytes. Of a container of Outlook's mimetype sees the PDF within.
func typeOf(head []byte) fileType {
	if len(head) == 0 || bytes.HasPrefix(head, winmailSignature) {
		return fileType{mimetype.Lookup(unknownType)}
	}
	return fileType{mimetype.Detect(head)}
}

// name returns the media type without parameters.
func (t fileType) name() string {
	name, _, _ := strings.Cut(t.String(), ";")
	return name
}

// within reports whether a type is one of those, or is built on one as a DOCX is on ZIP.
func within(t *mimetype.MIME, types ...string) bool {
	for ; t != nil; t = t.Parent() {
		if slices.ContainsFunc(types, t.Is) {
			return true
		}
	}
	return false
}

// portableExecutable is a program of Windows.
const portableExecutable = "application/vnd.microsoft.portable-executable"

// programs are the types that a machine runs.
var programs = []string{
	portableExecutable, "application/x-elf", "application/x-mach-binary", "application/x-java-applet",
	"application/java-archive", "application/vnd.android.package-archive", "application/x-ms-installer", "application/x-ms-shortcut",
	"application/vnd.debian.binary-package", "application/x-rpm", "application/wasm", "application/x-chrome-extension",
	"application/x-bytecode.python", "text/x-shellscript", "text/x-perl", "text/x-python", "text/x-ruby", "text/x-php", "text/x-lua",
	"text/x-tcl", "text/javascript",
}

// programExtensions are what Windows, macOS and Linux run, or hand to what runs them.
var programExtensions = []string{
	".app", ".apk", ".appx", ".bash", ".bat", ".chm", ".cmd", ".com", ".command", ".cpl", ".csh", ".deb", ".desktop", ".dll", ".dmg",
	".exe", ".gadget", ".hta", ".inf", ".jar", ".jnlp", ".js", ".jse", ".lnk", ".msc", ".msi", ".msix", ".msp", ".mst", ".ocx",
	".php", ".pif", ".pkg", ".pl", ".ps1", ".psm1", ".py", ".pyc", ".rb", ".reg", ".rpm", ".scf", ".scr", ".sct", ".sh", ".sys",
	".url", ".vb", ".vbe", ".vbs", ".ws", ".wsc", ".wsf", ".wsh", ".xll",
}

// runs reports whether a file is, or is named like, a program or a script.
func (t fileType) runs(name string) bool {
	return within(t.MIME, programs...) || slices.Contains(programExtensions, strings.ToLower(extension(name)))
}

// extensionTypes are those of files that buyers send. The machine's own table is not asked: reading is pure.
var extensionTypes = map[string]string{
	".jpg": "image/jpeg", ".jpeg": "image/jpeg", ".png": "image/png", ".gif": "image/gif", ".webp": "image/webp", ".heic": "image/heic",
	".bmp": "image/bmp", ".tif": "image/tiff", ".tiff": "image/tiff", ".pdf": "application/pdf", ".zip": "application/zip",
	".doc": "application/msword", ".xls": "application/vnd.ms-excel", ".ppt": "application/vnd.ms-powerpoint",
	".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
	".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	".pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
	".odt":  "application/vnd.oasis.opendocument.text", ".ods": "application/vnd.oasis.opendocument.spreadsheet",
	".rtf": "text/rtf", ".txt": "text/plain", ".csv": "text/csv", ".mp4": "video/mp4", ".mov": "video/quicktime", ".mp3": "audio/mpeg",
	".exe": portableExecutable, ".dll": portableExecutable, ".scr": portableExecutable, ".msi": "application/x-ms-installer",
}

// misnamed are types that mailers write for others.
var misnamed = map[string]string{"image/jpg": "image/jpeg", "image/pjpeg": "image/jpeg", "image/x-png": "image/png"}

// telling are types, beside pictures, that always show by their bytes.
var telling = []string{"application/pdf", "application/zip", "application/x-ole-storage", portableExecutable}

// contradicts reports whether the bytes are not what a file's declared type or its name says.
func (t fileType) contradicts(declared, name string) bool {
	return t.denies(declared) || t.denies(extensionTypes[strings.ToLower(extension(name))])
}

// denies reports whether the bytes are none of a type. Of a type that cannot be told by its bytes nothing is said.
func (t fileType) denies(claimed string) bool {
	if proper, ok := misnamed[claimed]; ok {
		claimed = proper
	}
	claim := mimetype.Lookup(claimed)
	switch {
	case claim == nil || claim.Parent() == nil:
		return false
	case t.Parent() == nil: // the bytes tell nothing, where these types would have told
		return strings.HasPrefix(claimed, "image/") || within(claim, telling...)
	case claim.Is("text/plain"):
		return !within(t.MIME, "text/plain") || within(t.MIME, "text/html", "image/svg+xml") // which a browser would run
	}
	return !within(t.MIME, claimed) && !within(claim, t.name())
}
