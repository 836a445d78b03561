package domain

// File is a file that came with a message. Its content stays in the message's raw and is taken from there when somebody
// asks for it.
type File struct {
	ID           FileID // zero until it is stored; the same file read again keeps it
	Number       int    // its place among the files of the message, from 0
	Name         string // fit for a file system and a header: no path, no control or direction characters, at most 200 bytes
	OriginalName string // as it was sent, decoded; may hold anything that is UTF-8 without NUL, at most MaxField bytes
	DeclaredType string // the media type that the sender says it has
	Type         string // the media type that its bytes show
	Size         int64  // of the decoded content, in bytes
	Digest       Digest // of the decoded content
	Inline       bool   // shown within the text, such as a photo
	ContentID    string // what the text calls it by; "" if nothing does
	Flags        []FileFlag
}

// FileFlag says what people should know of a file before they open it.
type FileFlag string

// The flags of files.
const (
	FilePartial    FileFlag = "partial"    // it ends before it should
	FileMismatch   FileFlag = "mismatch"   // its bytes are not what its declared type or its name says
	FileExecutable FileFlag = "executable" // it is, or is named like, a program or a script
	FileWinmail    FileFlag = "winmail"    // a container of Outlook's (application/ms-tnef) with the real files inside
	FileMessage    FileFlag = "message"    // a mail
	FileRenamed    FileFlag = "renamed"    // its name was unsafe or missing, and is another here
	FileNotRead    FileFlag = "over_limit" // too large or too many: listed, and not given out
)

// Bounds on the files of a message. Amazon allows 10 MB together.
const (
	MaxFiles     = 100      // more are not listed, and the message says so
	MaxFileBytes = 26 << 20 // larger ones are listed and not given out
)
